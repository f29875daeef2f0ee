"""Requests that TensorFlow Serving runs before a model takes others.

`assets.extra/tf_serving_warmup_requests` is a TFRecord file of serialised
`PredictionLog` messages (tensorflow_serving/apis/prediction_log.proto). All
fields that are needed here are strings or messages, which the protocol
buffer encoding writes alike: tag, length, content. So no package of
TensorFlow Serving is needed.
"""

import tensorflow as tf

from accel_tf.serving.export.signatures import WARM_UP_STREAM

_LENGTH_DELIMITED = 2


def write_warm_up(folder, programs, size):
    """Writes requests to every signature; the stream is closed at the end.

    Args:
        folder: `pathlib.Path` of the SavedModel.
        programs: dict of the signatures' concrete functions.
        size: `(height, width)` of the frames.
    """
    extra = folder / "assets.extra"
    extra.mkdir()
    path = str(extra / "tf_serving_warmup_requests")
    with tf.io.TFRecordWriter(path) as writer:
        for name, inputs in _requests(programs, size):
            writer.write(prediction_log(name, inputs))


def prediction_log(signature_name, inputs):
    """A `PredictionLog` with a `PredictRequest`, as bytes.

    Args:
        signature_name: of the signature.
        inputs: dict of name -> tensor or array.
    """
    # ModelSpec.signature_name; the server knows the model's name.
    request = _field(1, _field(3, signature_name.encode()))
    for name, value in inputs.items():
        proto = tf.make_tensor_proto(value).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, proto))
    # PredictionLog.predict_log.request
    return _field(6, _field(1, request))


def _field(number, content):
    tag = number << 3 | _LENGTH_DELIMITED
    return _varint(tag) + _varint(len(content)) + content


def _varint(number):
    low = []
    while number > 127:
        low.append(number & 127 | 128)
        number >>= 7
    return bytes([*low, number])


def _requests(programs, size):
    frame = tf.io.encode_jpeg(tf.zeros([*size, 3], tf.uint8))
    one, two = tf.stack([frame]), tf.stack([frame, frame])
    stream_id = tf.constant([WARM_UP_STREAM, WARM_UP_STREAM], tf.int64)
    yield "serving_default", {"image_bytes": two}
    yield (
        "stream",
        {
            "image_bytes": two,
            "stream_id": stream_id,
            "force_key": tf.constant([False, False]),
        },
    )
    yield "scores", {"image_bytes": one}
    if "key" in programs:
        state_bytes = programs["key"](one)["state_bytes"]
        yield "key", {"image_bytes": one}
        yield "nonkey", {"image_bytes": one, "state_bytes": state_bytes}
    yield "stats", {"stream_id": stream_id[:1]}
    yield "close", {"stream_id": stream_id[:1]}
