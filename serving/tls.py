"""TLS of servers and clients."""

import pathlib
import socket
import ssl
import time

_HANDSHAKE = b"\x16"
_NOT_TLS = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"Content-Type: application/json\r\n"
    b"Content-Length: 42\r\n"
    b"Connection: close\r\n\r\n"
    b'{"error": "This server speaks https only"}'
)


def server_context(certificate, key):
    """The `ssl.SSLContext` of a server.

    Args:
        certificate: PEM file of its certificate and those of the authorities
            between it and a known one.
        key: PEM file of its key, without a password.

    Returns:
        `ssl.SSLContext` of TLS 1.2 or later; `None` without either file.

    Raises:
        ValueError, OSError: one line.
    """
    if (certificate is None) != (key is None):
        raise ValueError("--tls-cert and --tls-key go together.")
    if certificate is None:
        return None
    for path in (certificate, key):
        if not pathlib.Path(path).is_file():
            raise FileNotFoundError(f"no such file: {path}.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Else OpenSSL would ask at the terminal.
        context.load_cert_chain(certificate, key, password="")
    except PermissionError as error:
        raise OSError(
            f"cannot read {certificate} or {key}: {error.strerror}."
        ) from error
    except (ssl.SSLError, OSError) as error:
        raise ValueError(
            f"{certificate} and {key} are no certificate and its key in PEM, "
            "without a password."
        ) from error
    return context


def client_context(ca_file=None):
    """The `ssl.SSLContext` of a client, which checks the server's name.

    Args:
        ca_file: PEM file of the certificates to trust; by default the
            system's.

    Raises:
        ValueError, OSError: one line, if the file is not as described.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise ValueError(f"{ca_file} holds no certificate in PEM.") from error
    except OSError as error:
        raise OSError(f"cannot read {ca_file}: {error.strerror}.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def secured(connection, context):
    """A server's socket as one of TLS, to which nothing was said yet."""
    return context.wrap_socket(
        connection, server_side=True, do_handshake_on_connect=False
    )


def shake_hands(connection, seconds):
    """Begins to speak TLS with a client.

    Args:
        connection: of `secured`.
        seconds: that it may take in all.

    Returns:
        Whether the client speaks TLS; if not, it was told.

    Raises:
        OSError: if it leaves, takes too long, or does not agree.
    """
    end = time.monotonic() + seconds
    connection.settimeout(seconds)
    first = socket.socket.recv(connection, 1, socket.MSG_PEEK)
    if first and first != _HANDSHAKE:
        socket.socket.sendall(connection, _NOT_TLS)
        return False
    connection.settimeout(max(1e-3, end - time.monotonic()))
    connection.do_handshake()
    return True


def shut_down(connection, how):
    """As a socket's `shutdown`, which would end the encryption of others."""
    socket.socket.shutdown(connection, how)
