"""Requests that TensorFlow Serving runs before a model takes others.

`assets.extra/tf_serving_warmup_requests` is a TFRecord file of serialised
`PredictionLog` messages (tensorflow_serving/apis/prediction_log.proto). All
fields that are needed here are strings or messages, which the protocol
buffer encoding writes alike: tag, length, content. So no package of
TensorFlow Serving is needed.
"""

import tensorflow as tf

_LENGTH_DELIMITED = 2


def write_warm_up(folder, requests):
    """Writes requests to every signature.

    Args:
        folder: `pathlib.Path` of the SavedModel.
        requests: iterable of a signature's name and its inputs, a dict of
            name -> tensor.
    """
    extra = folder / "assets.extra"
    extra.mkdir()
    path = str(extra / "tf_serving_warmup_requests")
    with tf.io.TFRecordWriter(path) as writer:
        for name, inputs in requests:
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
