"""A server's and an edge's session, small and without a network."""

import copy
import dataclasses
import functools

import keras
import numpy as np

import accel_tf
from accel_tf.distill import messages
from accel_tf.distill.classroom import Classroom, TeachingSettings
from accel_tf.distill.codec import UpdateCodec, checks
from accel_tf.distill.edge_session import EdgeSession
from accel_tf.distill.parameter_space import ParameterSpace, weights_digest
from accel_tf.distill.server_session import ServerSession
from accel_tf.distill.teachers import FunctionTeacher

SETTINGS = TeachingSettings(
    height=16,
    update_period=4.0,
    iterations=2,
    batch_size=2,
    adapt_rate=False,
    fraction=0.2,
)


def tiny_student(classes=5):
    """Two convolutions: compiled in a second."""
    keras.utils.set_random_seed(0)
    image = keras.Input((None, None, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1)(image)
    x = keras.layers.Conv2D(6, 3, 2, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.ReLU()(x)
    scores = keras.layers.Conv2D(classes, 1)(x)
    return accel_tf.per_frame(keras.Model(image, scores), name="tiny")


def bright(frame, number):
    """What the teacher teaches: bright pixels are of the class 1."""
    return np.uint8(frame.mean(-1) > 127)


@functools.cache
def classroom():
    """All tests share it: the training is compiled once."""
    model = tiny_student()
    teacher = FunctionTeacher(bright, model.label_map.names)
    room = Classroom(model, teacher, SETTINGS)
    room.prepare()
    return room


def another_classroom(function=bright, **settings):
    """The same with another teacher and settings; compiled just as little."""
    room = copy.copy(classroom())
    room.teacher = FunctionTeacher(function, room.class_names)
    room.settings = dataclasses.replace(SETTINGS, **settings)
    return room


def picture(index):
    """uint8 RGB `[16, 32, 3]`, smooth, another each time."""
    ramp = np.linspace(0, 255, 32)[None, :, None] + 8 * index
    return np.uint8(np.broadcast_to(ramp, (16, 32, 3)) % 256)


class Pair:
    """Both sessions, and a link that a test may do things to.

    Args:
        down, up: functions from a message to a list of what arrives.
    """

    def __init__(self, edge="car-7", down=None, up=None, room=None):
        self.room = room or classroom()
        self.codec = UpdateCodec(ParameterSpace(self.room.model))
        self.down = down or (lambda message: [message])
        self.up = up or (lambda message: [message])
        self.name = edge
        self.server = ServerSession(self.room, edge)
        self.new_edge()
        self.now, self.number, self.heard = 0.0, 0, []

    def new_edge(self, run="run-1", uplink="jpeg"):
        self.edge = EdgeSession(
            self.codec,
            self.room.initial,
            self.room.class_names,
            self.name,
            run,
            uplink,
        )

    def connect(self):
        self.server.disconnect()
        self.edge.disconnect()
        self.to_server(self.edge.connect((48, 96)))

    def to_server(self, said):
        for message in said:
            for arrived in self.up(message):
                arrived = packed(arrived)
                replies = self.server.receive(arrived, self.now)
                self.to_edge(replies)

    def to_edge(self, said):
        for message in said:
            for arrived in self.down(message):
                arrived = packed(arrived)
                self.heard.append(arrived["type"])
                self.to_server(self.edge.receive(arrived, self.now))

    def watch(self, seconds):
        """The edge sees so many seconds of video, at two frames each."""
        for _ in range(2 * seconds):
            if self.edge.wants_frame(self.now):
                image = picture(self.number)
                self.edge.add_frame(self.number, self.now, image)
            self.to_server(self.edge.due_frames(self.now))
            self.work()
            self.now += 0.5
            self.number += 1

    def work(self):
        while self.server.due(self.now):
            self.to_edge(self.server.run_phase(self.now))

    @property
    def agrees(self):
        """Whether both hold the same weights, bit for bit."""
        return self.server.digest == weights_digest(self.edge.weights)


def packed(message):
    """A message as it comes out at the other end."""
    return messages.unpack(messages.pack(message), 2**26)


def poisoned_snapshot(codec, weights):
    """Bytes of weights with NaN, which the codec itself refuses to encode."""
    weights = weights.copy()
    weights[3] = np.nan
    check, checks.check_finite = checks.check_finite, lambda weights: None
    try:
        return codec.encode_snapshot(10**6, weights).data
    finally:
        checks.check_finite = check
