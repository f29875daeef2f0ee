"""Compressed bodies of requests."""

import zlib

from accel_tf.serving.current_request import check_client, reserve
from accel_tf.serving.tensors import invalid

_LEAST_BYTES = 2**20
_READ_BYTES = 2**16
_PIECE_BYTES = 2**18


def inflate(body, limit, ratio):
    """Inflates a gzip-compressed body, piece by piece.

    Args:
        body: bytes.
        limit: most bytes of the result.
        ratio: how many times the body it may be, once it is larger than
            1 MiB.

    Returns:
        bytearray.

    Raises:
        ServingError: INVALID_ARGUMENT; the body is not gzip, is cut short,
            or would be too large. RESOURCE_EXHAUSTED; the server has no room
            for it at the moment.
    """
    result = bytearray()
    for piece in _pieces(body):
        reserve(len(piece))
        check_client()
        result += piece
        if len(result) > limit:
            raise invalid(
                f"The request's body inflates to more than {limit} bytes"
            )
        if len(result) > max(_LEAST_BYTES, ratio * len(body)):
            raise invalid(
                f"The request's body inflates to more than {ratio} times its "
                "size"
            )
    return result


def _pieces(body):
    stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        for start in range(0, len(body), _READ_BYTES):
            data = body[start : start + _READ_BYTES]
            while data and not stream.eof:
                yield stream.decompress(data, _PIECE_BYTES)
                data = stream.unconsumed_tail
        # What it holds back when the input ends.
        while not stream.eof and (
            piece := stream.decompress(b"", _PIECE_BYTES)
        ):
            yield piece
    except zlib.error as error:
        raise invalid("The request's body is not gzip") from error
    if not stream.eof:
        raise invalid("The request's gzip body is cut short")
