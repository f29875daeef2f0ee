"""Who may ask a server."""

import dataclasses
import json
import pathlib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
from echo_server import serving, wait_until
from raw_http import RawClient

from accel_tf.serving import tokens
from accel_tf.serving.access import Access
from accel_tf.serving.client_connections import Connections
from accel_tf.serving.client_transport import Transport
from accel_tf.serving.http_request import HttpError
from accel_tf.serving.tls import client_context, server_context

TLS = pathlib.Path(__file__).parent.parent / "fixtures" / "tls"
CERTIFICATE, KEY = TLS / "cert.pem", TLS / "key.pem"
TOKENS = ["first-token", "second-token"]
FOREIGN = {"origin": "http://evil.example"}
PREDICT = "/v1/models/m:predict"


@dataclasses.dataclass
class Head:
    method: str
    path: str
    headers: dict
    is_1_1: bool = True


def status(access, method="POST", path=PREDICT, host="localhost:1", **headers):
    """0 if a request is taken."""
    headers = {name.replace("_", "-"): each for name, each in headers.items()}
    if host is not None:
        headers["host"] = host
    try:
        access.check(Head(method, path, headers))
    except HttpError as error:
        assert "\n" not in error.message
        return error.status
    return 0


@pytest.mark.parametrize(
    ("listening", "host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1:8501", 0),
        ("127.0.0.1", "LocalHost:8501", 0),
        ("127.0.0.1", "localhost.", 0),
        ("127.0.0.1", "[::1]:8501", 0),
        ("127.0.0.1", "[::ffff:127.0.0.1]:8501", 0),
        ("127.0.0.1", f"{socket.gethostname()}:9", 0),
        ("127.0.0.1", "192.0.2.7:8501", 403),
        ("127.0.0.1", "evil.example", 403),
        ("127.0.0.1", "localhost.evil.example", 403),
        ("127.0.0.1", "127.0.0.1.evil.example", 403),
        ("127.0.0.1", "models.example:443", 0),
        ("127.0.0.1", "127.0.0.1, localhost", 400),
        ("127.0.0.1", "", 400),
        ("127.0.0.1", "user@localhost", 400),
        ("127.0.0.1", "localhost:80:80", 400),
        ("127.0.0.1", "localhost/", 400),
        ("127.0.0.1", None, 400),
        ("192.0.2.7", "192.0.2.7:8501", 0),
        ("192.0.2.7", "192.0.2.8:8501", 403),
        ("0.0.0.0", "192.0.2.8:8501", 0),
        ("0.0.0.0", "[2001:db8::7]", 0),
        ("::", "192.0.2.8", 0),
        ("0.0.0.0", "evil.example:8501", 403),
        ("0.0.0.0", "0300.0250.1.1", 403),
    ],
)
def test_host_must_name_the_server(listening, host, expected):
    access = Access(listening, allowed_hosts=["Models.example"])
    assert status(access, host=host) == expected


def test_the_answer_says_what_would_be_right():
    with pytest.raises(HttpError, match="--allowed-host evil.example would"):
        Access().check(Head("GET", "/", {"host": "evil.example:80"}))
    with pytest.raises(HttpError, match="--enable-cors would"):
        Access().check(Head("GET", "/", {"host": "localhost", **FOREIGN}))
    # HTTP/1.0 knows no Host.
    Access().check(Head("GET", "/", {}, is_1_1=False))
    with pytest.raises(ValueError, match="without a port, not 'http://a:1'"):
        Access(allowed_hosts=["http://a:1"])


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("localhost:8501", "http://localhost:8501", 0),
        ("localhost:8501", "http://LOCALHOST:8501", 0),
        ("[::1]:8501", "http://[::1]:8501", 0),
        # A proxy that speaks TLS for the server.
        ("models.example", "https://models.example", 0),
        ("models.example:443", "https://models.example", 0),
        ("localhost:8501", "http://localhost:9000", 403),
        ("localhost:8501", "http://127.0.0.1:8501", 403),
        ("localhost:8501", "http://evil.example", 403),
        ("localhost", "http://localhost.evil.example", 403),
        ("localhost:8501", "null", 403),
        ("localhost:8501", "file://", 403),
        ("localhost:8501", "", 403),
        ("localhost:8501", "http://localhost:8501, http://evil.example", 403),
    ],
)
def test_pages_of_other_origins_may_not_ask(host, origin, expected):
    allowed = ["models.example"]
    access = Access(allowed_hosts=allowed)
    assert status(access, host=host, origin=origin) == expected
    access = Access(allowed_hosts=allowed, enable_cors=True)
    assert status(access, host=host, origin=origin) == 0
    access = Access(allowed_hosts=allowed, is_https=True)
    expected = expected if origin.startswith("https:") else 403
    assert status(access, host=host, origin=origin) == expected


def test_what_browsers_tell_of_the_site():
    access = Access(open_paths=["/"])
    link = {"sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    for site in ("cross-site", "same-site", "Cross-Site"):
        assert status(access, "GET", sec_fetch_site=site) == 403
        assert status(access, "GET", "/", sec_fetch_site=site) == 403
        # A link to the page, but to nothing else, and no form.
        assert status(access, "GET", "/?x", sec_fetch_site=site, **link) == 0
        assert status(access, "GET", sec_fetch_site=site, **link) == 403
        assert status(access, "POST", "/", sec_fetch_site=site, **link) == 403
        frame = link | {"sec_fetch_dest": "iframe"}
        assert status(access, "GET", "/", sec_fetch_site=site, **frame) == 403
        assert status(Access(enable_cors=True), sec_fetch_site=site) == 0
    for site in ("same-origin", "none"):
        assert status(access, sec_fetch_site=site) == 0


def test_a_request_needs_a_token_but_for_the_page():
    access = Access(tokens=TOKENS, open_paths=["/", "/page/main.js"])
    for given in (*TOKENS, " second-token "):
        assert status(access, authorization=f"Bearer {given}") == 0
        assert status(access, authorization=f"bearer {given}") == 0
    wrong = ["", "Bearer", "Bearer first-toke", "Bearer first-token2"]
    wrong += ["first-token", "Basic first-token", "Bearer first-token, x"]
    for header in [*wrong, "Bearer t\xf6ken-of-8", "Bearer \udc80"]:
        assert status(access, authorization=header) == 401
    assert status(access, "GET", "/v1/models/m") == 401
    assert status(access, "GET", "/page/main.js") == 0
    assert status(access, "POST", "/") == 401
    assert status(access, "OPTIONS") == 401
    assert status(access, "GET", "/", host="evil.example") == 403
    # Browsers send none with the question whether they may ask.
    of_any = Access(tokens=TOKENS, enable_cors=True)
    assert status(of_any, "OPTIONS", **FOREIGN) == 0
    assert status(of_any, "POST", **FOREIGN) == 401


def test_files_of_tokens(tmp_path, monkeypatch, capsys):
    path = tmp_path / "tokens"
    path.write_text("# of the cars\n\n first-token\nsecond-token\n")
    path.chmod(0o600)
    assert tokens.read_tokens(path) == TOKENS
    assert capsys.readouterr().err == ""
    path.chmod(0o644)
    assert tokens.token_of_client(path) == "first-token"
    err = capsys.readouterr().err
    assert "everybody on this machine can read" in err
    assert "first-token" not in err and err.count("\n") == 1
    for text in ("", "# nothing\n", "short", "with space", "good-token\nbad"):
        path.write_text(text)
        with pytest.raises(ValueError, match="8 or more letters") as info:
            tokens.read_tokens(path)
        assert not text or text not in str(info.value)
    with pytest.raises(OSError, match="cannot read the token file .*none"):
        tokens.read_tokens(tmp_path / "none")
    monkeypatch.delenv(tokens.TOKEN_VARIABLE, raising=False)
    assert tokens.token_of_client() is None
    monkeypatch.setenv(tokens.TOKEN_VARIABLE, "first-token\n")
    assert tokens.token_of_client() == "first-token"
    monkeypatch.setenv(tokens.TOKEN_VARIABLE, "short")
    with pytest.raises(ValueError, match="ACCEL_TF_TOKEN must be 8"):
        tokens.token_of_client()


def test_nothing_of_a_refused_request_is_read_or_run():
    with serving(Access(tokens=TOKENS)) as server:
        for header, expected in (
            ("Origin: http://evil.example", 403),
            ("X: 1", 401),
        ):
            with RawClient(server) as client:
                # 9 GB are announced; the answer does not wait for them.
                client.send(
                    f"POST /wait HTTP/1.1\r\nHost: localhost\r\n{header}\r\n"
                    "Content-Length: 9999999999\r\n\r\n".encode()
                )
                answer = client.answer()
                assert answer[0] == expected
                assert json.loads(answer[2]).keys() == {"error"}
        assert answer[1]["www-authenticate"] == "Bearer"
        with RawClient(server) as client:
            token = f"Authorization: Bearer {TOKENS[1]}"
            lines = "GET / HTTP/1.1", "Host: localhost", token
            client.send("\r\n".join([*lines, "", ""]).encode())
            assert client.answer()[2] == b"GET / "
            client.send(b"GET / HTTP/1.1\r\n" + 2 * b"Host: localhost\r\n")
            client.send(b"\r\n")
            assert client.answer()[0] == 400
    assert not server.handler.arrived.acquire(blocking=False)


@pytest.fixture(scope="module")
def secure():
    context = server_context(CERTIFICATE, KEY)
    with serving(Access(is_https=True), context, header_seconds=0.4) as server:
        yield server


def test_answers_at_https_and_silent_clients_stop_nobody(secure):
    url = f"https://localhost:{secure.server_address[1]}"
    assert secure.url == url.replace("localhost", "127.0.0.1")
    with RawClient(secure) as silent, RawClient(secure) as half:
        half.send(b"\x16\x03\x01\x02")
        connections = Connections(url, 10.0, ca_file=CERTIFICATE)
        for body in (b"x", b"y" * 2**20):
            answer, data = connections.exchange("POST", "/p", body)
            assert answer.status == 200
            assert data == b"POST /p " + body
        _, data = connections.exchange("GET", "/large")
        assert len(data) == 2**24
        connections.close()
        assert silent.is_closed() and half.is_closed()


def test_a_server_with_tls_stops_in_good_order():
    with serving(tls=server_context(CERTIFICATE, KEY)) as server:
        first, second = (
            Connections(server.url, 10.0, ca_file=CERTIFICATE) for _ in range(2)
        )
        first.exchange("GET", "/")
        with ThreadPoolExecutor(2) as pool:
            asked = pool.submit(second.exchange, "POST", "/wait", b"x")
            server.handler.wait_for_arrivals(1)
            stopped = pool.submit(server.stop, 10.0)
            wait_until(lambda: server.connections == 1)
            server.handler.go.set()
            assert asked.result()[1] == b"POST /wait x"
            assert stopped.result() == 0
        first.close(), second.close()


def test_whoever_speaks_no_tls_is_told(secure):
    with RawClient(secure) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = client.answer()
        assert answer[0] == 400 and b"https only" in answer[2]
    old = ssl.create_default_context(cafile=CERTIFICATE)
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    port = secure.server_address[1]
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        with pytest.raises(OSError):
            old.wrap_socket(connection, server_hostname="localhost")


def test_a_client_trusts_whom_it_is_told_to():
    context = server_context(CERTIFICATE, KEY)
    with serving(tls=context) as server:
        # At once, for another try would not change it.
        transport = Transport(server.url, 10.0, retries=12)
        with pytest.raises(ConnectionError, match="is not trusted .*--tls-ca"):
            transport.request("GET", "/")
        right = Transport(server.url, 10.0, 0, ca_file=CERTIFICATE)
        with pytest.raises(ConnectionError, match="did not answer JSON"):
            right.request("GET", "/")
        right.close()
    with pytest.raises(ValueError, match="goes with https:// only"):
        Connections("http://localhost", 1.0, ca_file=CERTIFICATE)
    with pytest.raises(ValueError, match="holds no certificate"):
        client_context(KEY)
    with pytest.raises(OSError, match="cannot read .*none.pem: No such"):
        client_context(TLS / "none.pem")


def test_a_client_sends_its_token():
    with serving(Access(tokens=TOKENS)) as server:
        for token, expected in ((None, 401), (TOKENS[1], 200)):
            connections = Connections(server.url, 10.0, token)
            assert connections.exchange("GET", "/")[0].status == expected
            connections.close()
        transport = Transport(server.url, 10.0, 12, "wrong-token")
        with pytest.raises(OSError, match="401: Wrong or no token$") as info:
            transport.request("POST", "/", {})
        assert info.value.status == 401
    with pytest.raises(ValueError, match="token must be 8") as info:
        Connections("http://localhost", 1.0, "bad\ntoken")
    assert "bad" not in str(info.value)


def test_certificates_that_are_none(tmp_path):
    assert server_context(None, None) is None
    with pytest.raises(ValueError, match="--tls-cert and --tls-key go tog"):
        server_context(CERTIFICATE, None)
    with pytest.raises(FileNotFoundError, match="no such file: .*none"):
        server_context(CERTIFICATE, tmp_path / "none")
    with pytest.raises(ValueError, match="no certificate and its key in PEM"):
        server_context(KEY, CERTIFICATE)
