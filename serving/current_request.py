"""The request that the calling thread answers.

Deep inside of an answer it is told here what memory is taken, and asked
whether anybody still waits. Outside of a server nothing is limited.
"""

import contextlib
import threading

from accel_tf.serving.tensors import ServingError

_current = threading.local()


@contextlib.contextmanager
def current_request(take, is_gone):
    """Makes a request the current one of this thread, as long as the block.

    Args:
        take: function of a number of bytes, which raises `ServingError` if
            there is no room for them.
        is_gone: function that tells whether the client has left.
    """
    before = getattr(_current, "request", None)
    _current.request = take, is_gone
    try:
        yield
    finally:
        _current.request = before


def reserve(count):
    """Counts memory that the request takes until it is answered.

    Args:
        count: bytes, beyond those of the request's body.

    Raises:
        ServingError: RESOURCE_EXHAUSTED; all requests together would take
            more than the server gives them.
    """
    request = getattr(_current, "request", None)
    if request is not None:
        take, _ = request
        take(count)


def check_client():
    """Between two pieces of work: is the answer still wanted?

    Raises:
        ServingError: CANCELLED; the client has left.
    """
    request = getattr(_current, "request", None)
    if request is not None:
        _, is_gone = request
        if is_gone():
            raise ServingError("CANCELLED", "the client has left")
