"""Warm-up requests of a SavedModel, as TensorFlow Serving's tools write them.

They are a TFRecord file of `tensorflow.serving.PredictionLog` messages. The
few fields that matter are described here, so that no package with the
messages is needed.
"""

import pathlib
import struct

from google.protobuf import message

from accel_tf.serving.message_classes import BYTES, STRING, message_class

PATH = pathlib.PurePath("assets.extra", "tf_serving_warmup_requests")
"""Where in a SavedModel the requests lie."""

MAX_REQUESTS = 1000
"""TensorFlow Serving takes no more."""

# A tensor stays bytes: on the wire a message within a message looks the same.
_MESSAGES = {
    "ModelSpec": {
        "name": (1, STRING),
        "signature_name": (3, STRING),
    },
    "Input": {
        "key": (1, STRING),
        "value": (2, BYTES),
    },
    "PredictRequest": {
        "model_spec": (1, "ModelSpec"),
        "inputs": (2, ["Input"]),
    },
    "PredictLog": {"request": (1, "PredictRequest")},
    "PredictionLog": {"predict_log": (6, "PredictLog")},
}


def read_predict_requests(path):
    """Reads the predict requests of a file; those of other kinds are left out.

    Args:
        path: the file.

    Yields:
        `(signature_name, inputs)`: an empty name stands for the default
        signature; `inputs` is a dict from names to `TensorProto` messages as
        bytes.

    Raises:
        ValueError: if the file is no such file or has too many requests.
    """
    PredictionLog = message_class(_MESSAGES)
    for index, record in enumerate(_read_records(path)):
        if index == MAX_REQUESTS:
            raise ValueError(
                f"{path} has more than {MAX_REQUESTS} warm-up requests."
            )
        try:
            log = PredictionLog.FromString(record)
        except message.DecodeError as error:
            raise ValueError(
                f"{path}: record {index} is no warm-up request."
            ) from error
        if log.HasField("predict_log"):
            request = log.predict_log.request
            inputs = {each.key: each.value for each in request.inputs}
            yield request.model_spec.signature_name, inputs


def _read_records(path):
    """The records of a TFRecord file, without a check of their checksums."""
    data = pathlib.Path(path).read_bytes()
    begin = 0
    while begin < len(data):
        # Length, its checksum, the record, its checksum.
        content = begin + 12
        if content <= len(data):
            (length,) = struct.unpack_from("<Q", data, begin)
            begin = content + length + 4
        if content > len(data) or begin > len(data):
            raise ValueError(f"{path} is cut short or no TFRecord file.")
        yield data[content : content + length]
