"""The tokens by which a server knows who may ask."""

import hmac
import os
import pathlib
import stat

from accel_tf.messages import note

TOKEN_VARIABLE = "ACCEL_TF_TOKEN"
"""Variable of the environment that holds a client's token."""

_LEAST = 8


def read_tokens(path):
    """The tokens in a file, in its order.

    A note says so if everybody on this machine may read the file.

    Args:
        path: of a text file with a token in each line, without white space
            around it. Empty lines, and those that begin with `#`, do not
            count.

    Returns:
        list of strings, one or more.

    Raises:
        OSError: one line, if it cannot be read.
        ValueError: one line, if it holds none, or one that is shorter than 8
            characters or that a header of HTTP does not take.
    """
    try:
        with pathlib.Path(path).open(encoding="ascii") as file:
            is_open = os.fstat(file.fileno()).st_mode & stat.S_IROTH
            lines = [line.strip() for line in file]
    except OSError as error:
        raise OSError(
            f"cannot read the token file {path}: {error.strerror}."
        ) from error
    except UnicodeDecodeError:
        lines, is_open = [], False
    tokens = [line for line in lines if line and not line.startswith("#")]
    if not tokens or not all(map(is_token, tokens)):
        raise ValueError(
            f"the token file {path} must hold one line of {_LEAST} or more "
            "letters, digits and signs without spaces for each token."
        )
    if is_open and os.name == "posix":
        note(
            f"everybody on this machine can read the tokens in {path}; "
            f"chmod 600 {path} hides them."
        )
    return tokens


def token_of_client(path=None):
    """The token that a client sends, `None` if it has none.

    Args:
        path: of a file as for `read_tokens`, of which the first one counts;
            by default the variable ACCEL_TF_TOKEN holds the token itself.

    Raises:
        OSError, ValueError: as `read_tokens`.
    """
    if path is not None:
        return read_tokens(path)[0]
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token and not is_token(token):
        raise ValueError(
            f"{TOKEN_VARIABLE} must be {_LEAST} or more letters, digits and "
            "signs without spaces."
        )
    return token or None


def is_token(text):
    """Whether a text can be a token."""
    is_plain = text.isascii() and text.isprintable() and " " not in text
    return is_plain and len(text) >= _LEAST


def has_token(header, tokens):
    """Whether the header `Authorization` holds one of the tokens.

    Takes the same time whichever it is and wherever they differ.
    """
    scheme, _, given = header.partition(" ")
    given = given.strip().encode("utf-8", "surrogateescape")
    found = [hmac.compare_digest(given, each.encode()) for each in tokens]
    return scheme.lower() == "bearer" and any(found)
