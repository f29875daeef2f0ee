"""An object store of this machine that fails every so many requests."""

import contextlib
import itertools
import threading

import pytest


@contextlib.contextmanager
def flaky_store(every=10):
    """Serves S3 and points s3fs to it.

    Args:
        every: so many requests of which one fails; half of those with "busy",
            half with an error of the server.

    Yields:
        list of the paths that failed.
    """
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server")
    from werkzeug.serving import make_server

    store = server.DomainDispatcherApplication(server.create_backend_app)
    numbers, failed, lock = itertools.count(1), [], threading.Lock()

    def serve(environ, start_response):
        with lock:
            number = next(numbers)
        if number % every:
            return store(environ, start_response)
        failed.append(environ["PATH_INFO"])
        busy = number // every % 2
        status = "503 Slow Down" if busy else "500 Internal Server Error"
        code = "SlowDown" if busy else "InternalError"
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
        # What was sent is read, or the connection is not used again.
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(status, [("Content-Type", "application/xml")])
        return [body.encode()]

    listener = make_server("127.0.0.1", 0, serve, threaded=True)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        url = f"http://127.0.0.1:{listener.server_port}"
        patch.setenv("AWS_ENDPOINT_URL", url)
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
            patch.setenv(f"AWS_{name}", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.delenv("AWS_PROFILE", raising=False)
        try:
            yield failed
        finally:
            listener.shutdown()
            thread.join()
            listener.server_close()
