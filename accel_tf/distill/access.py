"""Who reaches a server, and the token by which it knows its edges."""

import hmac
import ipaddress
import pathlib
import ssl

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


def check_address(host, token_file, tls_cert, tls_key):
    """Finds out what is wrong with the options before any work.

    Returns:
        tuple of the token and the `ssl.SSLContext`, each or `None`.

    Raises:
        ValueError, OSError: one line.
    """
    if (tls_cert is None) != (tls_key is None):
        raise ValueError("--tls-cert and --tls-key go together.")
    if token_file is None and not is_loopback(host):
        raise ValueError(
            f"--host {host} lets other machines in; give --token-file FILE "
            "with a token that they must know."
        )
    token = None if token_file is None else read_token(token_file)
    if tls_cert is None:
        return token, None
    for path in (tls_cert, tls_key):
        if not pathlib.Path(path).is_file():
            raise FileNotFoundError(f"no such file: {path}.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(tls_cert, tls_key)
    except (ssl.SSLError, OSError) as error:
        raise ValueError(
            f"{tls_cert} and {tls_key} are no certificate and its key in PEM."
        ) from error
    return token, context


def is_loopback(host):
    """Whether only this machine reaches what listens on an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
