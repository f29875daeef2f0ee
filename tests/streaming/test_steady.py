"""Steady streams: key frames that are looked at in the background."""

import threading

import numpy as np
import pytest
from fake_segmenters import PaintedLabels
from keras import ops
from small_models import small_dff

import accel_tf

BLACK = np.zeros((1, 4, 6, 3), "uint8")


class Ages(PaintedLabels):
    """Labels pixels with the number painted in the frame it looked at last.

    `advance` on the next frame leaves it as it is, so that it tells which key
    frame the labels rest on. `gate` holds the deep network up.
    """

    uses_key_frames = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.gate, self.looks, self.fails = threading.Event(), 0, False
        self.gate.set()

    def initial_state(self, batch_size, height, width):
        return {"labels": np.zeros((batch_size, height, width), "uint8")}

    def compile_step(self):
        def step(frame, state, is_key):
            if not is_key:
                return state["labels"], state
            self.looks += 1
            if self.looks > 1:
                assert self.gate.wait(10)
            if self.fails:
                raise RuntimeError("no memory")
            return frame[..., 0], {"labels": frame[..., 0]}

        return step


def video(stream, count, start=0):
    """Which frame the labels of each frame rest on, as numbers."""
    found = []
    for index in range(start, start + count):
        labels = stream(BLACK + np.uint8(index))
        assert (labels == labels.flat[0]).all()
        assert stream.frames_since_key == index - labels.flat[0]
        found.append(int(labels.flat[0]))
    return found


def test_a_key_frame_is_used_after_the_delay():
    model = Ages(99)
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(4), steady=2)
    assert video(stream, 12) == [0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 8, 8]
    assert model.looks == 3
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(3), steady=True)
    assert video(stream, 10) == [0, 0, 0, 0, 0, 0, 3, 3, 3, 6]
    assert stream.is_key


def test_no_other_key_frame_begins_meanwhile():
    stream = accel_tf.VideoStream(Ages(99), accel_tf.FixedInterval(1), steady=3)
    assert video(stream, 9) == [0, 0, 0, 0, 1, 1, 1, 4, 4]


def test_live_takes_it_as_soon_as_it_is_there():
    model = Ages(99)
    policy = accel_tf.FixedInterval(2)
    stream = accel_tf.VideoStream(model, policy, steady="live")
    model.gate.clear()
    assert video(stream, 7) == [0] * 7 and stream.is_busy
    future = stream._background._state
    model.gate.set()
    future.result(10)
    assert not stream.is_busy
    assert video(stream, 1, start=7) == [2]


def test_it_begins_anew_with_a_key_frame_of_its_own():
    model = Ages(99)
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(2), steady=2)
    video(stream, 4)
    stream.reset_state()
    assert video(stream, 2, start=20) == [20, 20]
    assert stream(np.zeros((1, 6, 8, 3), "uint8")).shape == (1, 6, 8)
    assert stream.frames_since_key == 0


def test_what_fails_in_the_background_is_told_once():
    model = Ages(99)
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(2), steady=2)
    video(stream, 2)
    model.fails = True
    video(stream, 2, start=2)
    with pytest.raises(RuntimeError, match="no memory"):
        stream(BLACK)
    model.fails = False
    assert video(stream, 3, start=4) == [0, 0, 4]


def test_labels_are_those_of_the_step_by_hand():
    model = small_dff()
    rng = np.random.default_rng(0)
    shape = (6, 1, 32, 48, 3)
    frames = rng.integers(0, 256, shape, dtype=np.uint8)
    policy = accel_tf.FixedInterval(3)
    stream = accel_tf.VideoStream(model, policy, keep_scores=True, steady=2)
    for frame in frames:
        stream(frame)
    start = model.initial_state(1, 32, 48)
    _, state = model.step(frames[3], start, is_key=True)
    scores, _ = model.step(frames[5], state, is_key=False, native_stride=True)
    scores = ops.convert_to_numpy(scores)
    np.testing.assert_allclose(stream.scores, scores, atol=2e-5)


@pytest.mark.parametrize("steady", [-1, "now", 1.5, None])
def test_what_is_no_delay_is_refused(steady):
    with pytest.raises(ValueError, match="steady must be True, False"):
        accel_tf.VideoStream(Ages(9), steady=steady)


def test_what_cannot_be_steady_is_refused():
    with pytest.raises(ValueError, match="has no key frames"):
        accel_tf.VideoStream(PaintedLabels(9), steady=True)
    model = accel_tf.propagate(PaintedLabels(9), smooth=0.5)
    with pytest.raises(ValueError, match="without smooth and blend"):
        accel_tf.VideoStream(model, steady=True)


def test_a_buffer_may_be_used_again():
    model = Ages(99)
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(2), steady=2)
    buffer = BLACK.copy()
    video(stream, 2)
    model.gate.clear()
    buffer[:] = 2
    stream(buffer)
    buffer[:] = 77
    model.gate.set()
    assert video(stream, 2, start=3) == [0, 2]
