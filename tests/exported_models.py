"""What the tests of exported models share: loading, requests, a model."""

import contextlib
from unittest import mock

import numpy as np
import tensorflow as tf
from keras import ops

from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.serving.export import saved_model


class SumsFrames(VideoSegmenter):
    """A segmenter with key frames whose every label is known beforehand.

    The class of a pixel is its red value plus those since the key frame,
    modulo the number of classes. Counts how often its key branch ran.
    """

    uses_key_frames = True
    output_stride = 1

    def __init__(self, num_classes=250, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.key_branch_runs = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False
        )

    def initial_state(self, batch_size, height, width):
        return {"sum": ops.zeros((batch_size, height, width), "int32")}

    def advance(self, frame, state, is_key, training=None):
        total = ops.cast(frame[..., 0], "int32")
        if is_key:
            self.key_branch_runs.assign(self.key_branch_runs + 1)
        else:
            total = total + state["sum"]
        return {"sum": total}

    def score(self, frame, state, is_key, training=None):
        labels = state["sum"] % self.num_classes
        return ops.one_hot(labels, self.num_classes, dtype="float32"), None

    def upsample(self, scores, size, frame_size=None):
        return scores


class SumsAllFrames(SumsFrames):
    """The same without key frames: sums since the stream began."""

    uses_key_frames = False

    def advance(self, frame, state, is_key, training=None):
        return {"sum": state["sum"] + ops.cast(frame[..., 0], "int32")}


class ReadsFrames(SumsFrames):
    """The same without a state: the class of a pixel is its red value."""

    uses_key_frames = False

    def initial_state(self, batch_size, height, width):
        return {}

    def advance(self, frame, state, is_key, training=None):
        return {}

    def score(self, frame, state, is_key, training=None):
        labels = ops.cast(frame[..., 0], "int32") % self.num_classes
        return ops.one_hot(labels, self.num_classes, dtype="float32"), None


@contextlib.contextmanager
def only_signatures(*names):
    """While it lasts, exports have no others, which saves their tracing."""
    make = saved_model._programs

    def fewer(functions):
        return make({name: functions[name] for name in names})

    with mock.patch.object(saved_model, "_programs", fewer):
        yield


STATE_BYTES = 4
"""Of `SumsFrames`, for each pixel."""


def summed_labels(frames, is_key, classes=250):
    """What `SumsFrames` gives for the frames of one stream."""
    total, labels = None, []
    for frame, key in zip(frames, is_key, strict=True):
        red = frame[..., 0].astype(int)
        total = red if key else total + red
        labels.append(total % classes)
    return labels


def moving_frames(count, height=64, width=96, seed=0):
    """uint8 `[count, height, width, 3]`: patches that move sideways."""
    rng = np.random.default_rng(seed)
    shape = (-(-height // 8), -(-width // 8), 3)
    start = rng.integers(0, 256, shape, dtype=np.uint8)
    start = start.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    return np.stack([np.roll(start, 2 * n, axis=1) for n in range(count)])


def png(frame):
    return tf.io.encode_png(frame).numpy()


def jpeg(frame):
    return tf.io.encode_jpeg(frame, quality=95).numpy()


def decode(label_png_bytes):
    """Label maps `[H, W]` of an answer."""
    images = [tf.io.decode_png(each) for each in label_png_bytes]
    assert all(image.shape[2] == 1 for image in images)
    return [image.numpy()[..., 0] for image in images]


class Loaded:
    """A SavedModel in TensorFlow 2."""

    def __init__(self, path):
        self.model = tf.saved_model.load(str(path))
        self.signatures = self.model.signatures

    def __call__(self, signature, **inputs):
        function = self.signatures[signature]
        _, specs = function.structured_input_signature
        outputs = function(
            **{
                name: tf.constant(value, specs[name].dtype)
                for name, value in inputs.items()
            }
        )
        return {name: value.numpy() for name, value in outputs.items()}

    def key_branch_runs(self):
        """The only weight of `SumsFrames`."""
        (variable,) = self.model.weights
        return variable.numpy()


class Session:
    """A SavedModel in a TensorFlow 1 session, as TensorFlow Serving runs it."""

    def __init__(self, path):
        self._graph = tf.Graph()
        # Graphs are optimized here where tests/conftest.py has it elsewhere.
        options = tf.config.optimizer.get_experimental_options()
        config = tf.compat.v1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = (
            options.get("disable_meta_optimizer", False)
        )
        self._session = tf.compat.v1.Session(graph=self._graph, config=config)
        with self._graph.as_default():
            loaded = tf.compat.v1.saved_model.load(
                self._session, [tf.saved_model.SERVING], str(path)
            )
        self.signatures = loaded.signature_def

    def __call__(self, signature, **inputs):
        signature = self.signatures[signature]
        fetches = {name: info.name for name, info in signature.outputs.items()}
        feeds = {
            signature.inputs[name].name: value for name, value in inputs.items()
        }
        return self._session.run(fetches, feeds)

    def key_branch_runs(self):
        """The only weight of `SumsFrames`."""
        (variable,) = (
            operation
            for operation in self._graph.get_operations()
            if operation.type == "VarHandleOp"
        )
        with self._graph.as_default():
            value = tf.raw_ops.ReadVariableOp(
                resource=variable.outputs[0], dtype=tf.int32
            )
        return self._session.run(value)


def stream_inputs(images, stream_ids, forced=()):
    """The inputs of the signature `stream`; `forced` are rows."""
    return {
        "image_bytes": list(images),
        "stream_id": np.array(stream_ids, np.int64),
        "force_key": np.isin(np.arange(len(stream_ids)), forced),
    }


def stats(run):
    """The outputs of the signature `stats`, as numbers."""
    row = run("stats", stream_id=[0])
    return {name: value.item() for name, value in row.items()}


def send(run, rows, forced=()):
    """Sends rows `(stream, frame)` in one request."""
    ids, frames = zip(*rows, strict=True)
    return run("stream", **stream_inputs(map(png, frames), ids, forced))
