"""What can go wrong between a client and its server."""

import contextlib


class ServerError(OSError):
    """The server answered that it does not do what it was asked.

    Attributes:
        status: the HTTP status, such as 400 or 404.
    """

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class AnswerLost(ConnectionError):
    """A request was sent and the connection ended before its answer.

    Whether the server has done what it was asked is not known.
    """


class NotTaken(Exception):
    """The server has not acted on a request, for it did not get or want it.

    Attributes:
        error: the exception for the user.
        seconds: that the server asks to wait before the next try; `None` if
            it did not say.
    """

    def __init__(self, error, seconds=None):
        super().__init__(str(error))
        self.error, self.seconds = error, seconds


def reason_of(error):
    """The reason that an exception gives, in one line."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__


@contextlib.contextmanager
def understood(url, model):
    """Turns what is unexpected inside an answer into one line.

    Args:
        url: of the server.
        model: name of the model that was asked.

    Raises:
        ConnectionError: if the block reads what the answer does not hold.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ConnectionError(
            f"{url} did not answer as an export of `accel-tf export` does: "
            f"is {model} one?"
        ) from error
