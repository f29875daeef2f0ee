"""The token that a server asks for."""

import hmac
import pathlib

_LEAST = 8


def read_token(path):
    """The token in a file, without white space around it.

    Args:
        path: of a text file with one line.

    Raises:
        OSError: one line, if it cannot be read.
        ValueError: one line, if it holds no token of 8 characters or more
            that a header of HTTP takes.
    """
    try:
        token = pathlib.Path(path).read_text("ascii").strip()
    except OSError as error:
        raise OSError(
            f"cannot read the token file {path}: {error.strerror}."
        ) from error
    except UnicodeDecodeError:
        token = ""
    if len(token) < _LEAST or not token.isprintable() or " " in token:
        raise ValueError(
            f"the token file {path} must hold one line of {_LEAST} or more "
            "letters, digits and signs without spaces."
        )
    return token


def is_token(header, token):
    """Whether the header `Authorization` holds the token.

    Takes the same time wherever they differ.
    """
    return hmac.compare_digest(
        header.encode("utf-8", "surrogateescape"), f"Bearer {token}".encode()
    )
