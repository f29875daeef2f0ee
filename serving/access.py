"""Who may ask a server: the rules for the head of a request."""

import ipaddress
import re
import socket

from accel_tf.serving.http_request import HttpError
from accel_tf.serving.tokens import has_token

_NAME = r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,255})"
_HOST = re.compile(rf"{_NAME}(?::[0-9]{{0,5}})?", re.ASCII | re.IGNORECASE)
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Access:
    """Refuses requests of those who have no business with a server.

    `Host` must name the server: else a page of anybody could let its own name
    point here, and the browser would let it read. A page of another origin
    may send nothing: its forms would run models. Whoever asks without a
    browser is not kept out by these, but by a token.

    Args:
        host: name or address that the server listens on.
        tokens: strings of which a request must bring one, as
            `Authorization: Bearer TOKEN`; empty if none is needed.
        allowed_hosts: names and addresses by which the server is known
            besides this machine's own.
        enable_cors: whether pages of other origins may ask; `None` of a
            server without such an option.
        open_paths: of the server's page. No token is needed for them, and
            pages of others may link to them.
        is_https: whether the server speaks TLS.

    Raises:
        ValueError: if one of `allowed_hosts` is none.
    """

    def __init__(
        self,
        host="127.0.0.1",
        tokens=(),
        allowed_hosts=(),
        enable_cors=False,
        open_paths=(),
        is_https=False,
    ):
        self._tokens = tuple(tokens)
        self._enable_cors = enable_cors
        self._open_paths = frozenset(open_paths)
        self._schemes = {"https"} if is_https else {"http", "https"}
        names = [*_names_of(host), *map(_checked, allowed_hosts)]
        self._names = frozenset(names)
        # Nobody can let an address in figures point elsewhere, as names can.
        self._takes_addresses = host == "" or _is_any(_plain(host))

    def check(self, head):
        """Returns if a request may be read on and answered.

        Args:
            head: has `method`, `path`, `is_1_1` and `headers` as a
                `RequestHead` has.

        Raises:
            HttpError: 400, 401 or 403.
        """
        self._check_host(head)
        if not self._enable_cors:
            self._check_origin(head)
        if self._tokens:
            self._check_token(head)

    def _check_host(self, head):
        host = head.headers.get("host")
        if host is None:
            if head.is_1_1:
                raise HttpError(400, "A request of HTTP/1.1 needs a Host")
            return
        match = _HOST.fullmatch(host)
        if not match:
            raise HttpError(400, "Host must be one name or address")
        name = _plain(match[1])
        if name in self._names or _is_this_machine(name):
            return
        if self._takes_addresses and _address(name):
            return
        raise HttpError(
            403,
            f"This server is not called {name}; the option --allowed-host "
            f"{name} would allow it",
        )

    def _check_origin(self, head):
        origin = head.headers.get("origin")
        site = head.headers.get("sec-fetch-site", "none").lower()
        is_own = origin is None or self._is_own_origin(origin, head)
        # A page of another port is of the same site, but not ours.
        if is_own and site in ("none", "same-origin"):
            return
        if origin is None and self._is_link(head):
            return
        option = ""
        if self._enable_cors is not None:
            option = "; the option --enable-cors would allow it"
        raise HttpError(403, f"Pages of other origins may not ask{option}")

    def _is_own_origin(self, origin, head):
        scheme, _, place = origin.lower().partition("://")
        # A proxy in front may speak https for a server that does not.
        if scheme not in self._schemes:
            return False
        port, host = _DEFAULT_PORTS[scheme], head.headers.get("host", "")
        return place.removesuffix(port) == host.lower().removesuffix(port)

    def _is_link(self, head):
        """Whether somebody goes to the page, not into a frame of another."""
        mode = head.headers.get("sec-fetch-mode")
        target = head.headers.get("sec-fetch-dest")
        is_link = mode == "navigate" and target == "document"
        return is_link and self._is_open(head)

    def _is_open(self, head):
        path = head.path.partition("?")[0]
        return head.method in ("GET", "HEAD") and path in self._open_paths

    def _check_token(self, head):
        # Browsers ask without one whether they may ask; nothing is told.
        is_preflight = self._enable_cors and head.method == "OPTIONS"
        if is_preflight or self._is_open(head):
            return
        if has_token(head.headers.get("authorization", ""), self._tokens):
            return
        headers = {"WWW-Authenticate": "Bearer"}
        if self._enable_cors:
            headers["Access-Control-Allow-Origin"] = "*"
        raise HttpError(401, "Wrong or no token", headers)


def is_loopback(host):
    """Whether only this machine reaches what listens on an address."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _checked(name):
    match = re.fullmatch(_NAME, name, re.ASCII | re.IGNORECASE)
    if not match and not _address(name):
        raise ValueError(
            "--allowed-host must be a name such as models.example, or an "
            f"address, without a port, not {name!r}."
        )
    return _plain(name)


def _names_of(host):
    """All names of this machine, and what a server listens on, plainly."""
    machine = socket.gethostname().lower()
    first = machine.partition(".")[0]
    names = {"localhost", machine, first, f"{first}.local", _plain(host)}
    try:
        found = socket.getaddrinfo(host or None, None) if host else ()
    except (OSError, UnicodeError):
        found = ()  # Whoever listens there finds out why.
    return names | {_plain(each[4][0]) for each in found}


def _plain(name):
    """A name or address in the one form in which it is compared."""
    name = name.strip("[]").rstrip(".").lower()
    address = _address(name)
    return name if address is None else str(address)


def _address(name):
    """The address that a text is, `None` if it is a name."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_any(name):
    address = _address(name)
    return address is not None and address.is_unspecified


def _is_this_machine(name):
    """Whether an address is this machine's whatever its network is."""
    return is_loopback(name) or _is_any(name)
