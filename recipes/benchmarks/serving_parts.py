"""What a frame costs on its way through a server, part by part.

Every part is an object with a method `once`, which does for one frame what
client, server or model do for it, with data of the real sizes.
"""

import functools
import http.client
import json

import numpy as np
import tensorflow as tf

from accel_tf.serving.client import Client
from accel_tf.serving.client_images import (
    decode_labels,
    encode_frame,
    from_json,
    to_json,
)
from accel_tf.serving.export.compiled_steps import CompiledSteps
from accel_tf.serving.export.images import decode_frame, encode_labels
from accel_tf.serving.export.settings import MAX_PIXELS, MEMORY_LIMIT
from accel_tf.serving.export.stored_states import StoredStates
from accel_tf.serving.export.stream_table import StreamTable
from accel_tf.serving.http_server import HttpServer
from accel_tf.serving.json_encoding import encode_predict_response
from accel_tf.serving.json_parsing import parse_json
from accel_tf.serving.json_values import decode_tensor
from accel_tf.serving.model_config import ModelConfig
from accel_tf.serving.model_manager import ModelManager
from accel_tf.serving.rest import Response, RestHandler
from accel_tf.serving.saved_model_servable import SavedModelServable

MODEL = "measured"
# Fast parts are done several times in a measurement.
FEW, MANY = 1, 20


class ServedModel:
    """An export behind the embedded server, in this process.

    Args:
        folder: of its versions.
        threads: for the computation.
    """

    def __init__(self, folder, threads):
        self._manager = ModelManager(
            functools.partial(SavedModelServable, threads=threads),
            [ModelConfig(MODEL, folder)],
            poll_seconds=0,
        )
        self._manager.start()
        for fault in self._manager.faults():
            raise ValueError(fault)
        self._server = HttpServer(RestHandler(self._manager))
        self._server.start()
        self._client = Client(self._server.url, MODEL)
        self.stream = self._client.stream()

    def run(self, signature, **inputs):
        """Calls a signature without HTTP and JSON."""
        arrays = {}
        for name, values in inputs.items():
            arrays[name] = np.array(values)
            if name.endswith("_bytes"):
                arrays[name] = np.array(values, object)
        with self._manager.servable(MODEL) as servable:
            return servable.run(signature, arrays)

    def close(self):
        """Ends the stream, the server and the model."""
        self.stream.__exit__()
        self._client.close()
        self._server.stop()
        self._manager.close()


class Model:
    """A model's steps by themselves: uint8 frame to labels.

    Args:
        model: a `VideoSegmenter`.
    """

    def __init__(self, model):
        steps = CompiledSteps(model)
        self.uses_key_frames = steps.uses_key_frames
        frame = tf.TensorSpec([1, None, None, 3], tf.uint8)

        def program(is_key, *inputs):
            return tf.function(
                lambda frame, state: steps(
                    frame, tf.constant(is_key), lambda: state
                ),
                input_signature=[frame, inputs[0]],
                autograph=False,
            )

        self._programs = {
            is_key: program(is_key, steps.state_specs)
            for is_key in (True, False)
        }
        # A key frame asks nothing of it.
        self.state = [
            tf.zeros([side or 1 for side in spec.shape], spec.dtype)
            for spec in steps.state_specs
        ]

    def once(self, frame, is_key):
        """Labels of the next frame, uint8 `[H, W]`."""
        labels, self.state = self._programs[is_key](frame[None], self.state)
        return labels.numpy()


def state_access(state):
    """Reads a stream's state from the table and writes it back.

    Args:
        state: list of tensors.

    Returns:
        A function without arguments.
    """
    stored = StoredStates([tf.TensorSpec(x.shape, x.dtype) for x in state])
    table = StreamTable("benchmark", MEMORY_LIMIT)
    ids = tf.constant([1], tf.int64)
    zero, one = tf.constant(0, tf.int64), tf.constant(1, tf.int64)

    def array():
        return tf.TensorArray(
            tf.variant, 1, clear_after_read=False, element_shape=[]
        )

    def commit(header, tensors):
        packed = stored.pack(header, tensors)
        memory = stored.memory(tensors)
        with tf.device("/CPU:0"):
            packed = array().write(0, packed).stack()
        table.commit(ids, packed, memory[None], zero[None], one, zero)

    @tf.function(autograph=False)
    def begin():
        commit(tf.constant([0, 1, 1], tf.int64), state)

    @tf.function(autograph=False)
    def again():
        with tf.device("/CPU:0"):
            packed = array().unstack(table.read(ids)).read(0)
        header, tensors = stored.unpack(packed)
        commit(header + [1, 0, 0], tensors)

    begin()
    return again


class Fixed:
    """Gives the same answer to everybody."""

    def __init__(self, body):
        self._answer = Response(200, {"Content-Type": "text/plain"}, body)

    def handle(self, method, path, headers, body):
        """As a `RestHandler`."""
        return self._answer


class Transport:
    """Sends a body to a server that answers with another one.

    Args:
        request: bytes of the request's body.
        answer: bytes of the answer's.
    """

    def __init__(self, request, answer):
        self._request = request
        self._server = HttpServer(Fixed(answer))
        self._server.start()
        port = self._server.server_address[1]
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def once(self):
        """One request on a connection that stays open."""
        self._connection.request("POST", "/", self._request)
        self._connection.getresponse().read()

    def close(self):
        """Ends the server."""
        self._connection.close()
        self._server.stop()


def make_parts(frame, served, state):
    """The parts around the model.

    Args:
        frame: uint8 `[H, W, 3]`.
        served: `ServedModel`.
        state: of the model after a frame; list of tensors.

    Returns:
        `(parts, sizes, close)`: dict of name -> `(function, repeats)`; bytes
        of what travels; and a function to call at the end.
    """
    image = encode_frame(frame, "jpeg")
    document = {
        "signature_name": "stream",
        "inputs": {
            "image_bytes": [to_json(image)],
            "stream_id": [1],
            "force_key": [False],
        },
    }
    request = json.dumps(document).encode()
    parsed = parse_json(request)["inputs"]["image_bytes"]
    outputs = served.run(
        "stream", image_bytes=[image], stream_id=[1], force_key=[False]
    )
    answer = encode_predict_response(outputs, is_row=False)
    (file,) = outputs["label_png_bytes"]
    labels = tf.constant(decode_labels(file))
    received = json.loads(answer)["outputs"]["label_png_bytes"][0]
    transport = Transport(request, answer)
    compiled = functools.partial(tf.function, autograph=False)
    decode = compiled(
        lambda data: decode_frame(data, tf.constant(0), MAX_PIXELS)
    )
    image_tensor = tf.constant(image)

    def write_request():
        document["inputs"]["image_bytes"] = [to_json(image)]
        json.dumps(document).encode()

    parts = {
        "client: JPEG encoding": (lambda: encode_frame(frame, "jpeg"), FEW),
        "client: base64 and JSON of the request": (write_request, MANY),
        "HTTP over loopback, both ends": (transport.once, MANY),
        "JSON parsing": (lambda: parse_json(request), MANY),
        "base64 decoding": (lambda: decode_tensor(parsed, "string"), MANY),
        "call of the session, for `close`": (
            lambda: served.run("close", stream_id=[0]),
            MANY,
        ),
        "JPEG decoding": (functools.partial(decode, image_tensor), FEW),
        "state, read and written": (state_access(state), MANY),
        "PNG encoding": (
            functools.partial(compiled(encode_labels), labels),
            FEW,
        ),
        "JSON and base64 of the answer": (
            lambda: encode_predict_response(outputs, is_row=False),
            MANY,
        ),
        "client: JSON and base64 of the answer": (
            lambda: from_json(
                json.loads(answer)["outputs"]["label_png_bytes"][0]
            ),
            MANY,
        ),
        "client: PNG decoding": (
            lambda: decode_labels(from_json(received)),
            FEW,
        ),
    }
    sizes = {
        "jpeg_bytes": len(image),
        "request_bytes": len(request),
        "label_png_bytes": len(file),
        "answer_bytes": len(answer),
    }
    return parts, sizes, transport.close
