"""Predict requests as arrays, for tests of how they are decoded."""

from fake_servables import signature

from accel_tf.serving.json_tensors import parse_predict_request


def decode(text, **dtypes):
    """Decodes a request to a model with inputs of these types.

    Args:
        text: str or bytes, the body.
        **dtypes: name of an input -> its type; without any, one input
            `default` of type int32.

    Returns:
        A `PredictRequest`.
    """
    body = text if isinstance(text, bytes) else text.encode("utf-8")
    names = []

    def find_signature(name):
        names.append(name)
        return signature(**(dtypes or {"default": "int32"}))

    request = parse_predict_request(body, find_signature)
    assert names == [request.signature_name]
    return request


def only(text, dtype="int32"):
    """Decodes a request to a model with one input; gives its array."""
    return decode(text, default=dtype).inputs["default"]
