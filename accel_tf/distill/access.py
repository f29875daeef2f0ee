"""Who reaches a distill-server, by the rules of `accel_tf.serving.access`."""

import types

from accel_tf.serving.access import is_loopback
from accel_tf.serving.tls import server_context
from accel_tf.serving.tokens import read_tokens


def check_address(host, token_file, tls_cert, tls_key):
    """Finds out what is wrong with the options before any work.

    Returns:
        tuple of the list of tokens and the `ssl.SSLContext`, each or `None`.

    Raises:
        ValueError, OSError: one line.
    """
    if token_file is None and not is_loopback(host):
        raise ValueError(
            f"--host {host} lets other machines in; give --token-file FILE "
            "with a token that they must know."
        )
    tls = server_context(tls_cert, tls_key)
    return None if token_file is None else read_tokens(token_file), tls


def head_of(request):
    """Gives what `Access.check` looks at of a request of aiohttp."""
    names = {name.lower() for name in request.headers}
    return types.SimpleNamespace(
        method=request.method,
        path=request.path_qs,
        headers={
            name: ", ".join(request.headers.getall(name)) for name in names
        },
        is_1_1=request.version >= (1, 1),
    )
