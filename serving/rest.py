"""TensorFlow Serving's REST API, without a transport.

Written from the API's description and its sources' behaviour; `README.md`
beside this file lists where it differs.
"""

import contextlib
import dataclasses
import json
import logging
import time

from google.protobuf import json_format

from accel_tf.serving.inflation import inflate
from accel_tf.serving.json_encoding import (
    encode_error,
    encode_predict_response,
)
from accel_tf.serving.json_examples import (
    encode_classify_response,
    encode_regress_response,
    parse_examples_request,
)
from accel_tf.serving.json_tensors import parse_predict_request
from accel_tf.serving.request_checks import check_inputs
from accel_tf.serving.request_limits import RequestLimits
from accel_tf.serving.rest_urls import is_api, parse_target
from accel_tf.serving.tensors import (
    DEFAULT_SIGNATURE,
    ServingError,
    invalid,
)

_STATUS = {
    "OK": 200,
    "CANCELLED": 499,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_NOT_FOUND_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>"
    b"<body><h1>Not Found</h1></body></html>\n"
)
_CORS_TAKEN = "Access-Control-Allow-Headers"
_CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    _CORS_TAKEN: "Content-Type",
}
_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Response:
    """An HTTP answer, without the headers that belong to the transport."""

    status: int
    headers: dict[str, str]
    body: bytes


class RestHandler:
    """Answers the requests of TensorFlow Serving's REST API.

    Any number of threads may call one handler.

    Args:
        manager: has `servable(name, version=None, label=None)`, a context
            manager around a model that stays loaded meanwhile;
            `versions(name, version=None)`, a list of `VersionStatus`; and
            `metrics_text()`, a string in Prometheus' format. The first two
            raise `ServingError`. A model has `name`, `version`, `signatures`
            (name -> `Signature`), `signature_defs` (name -> `SignatureDef`
            message) and `run(signature_name, inputs)`, arrays by name in and
            out, which raises `ServingError`.
        pages: path -> (content type, bytes), or a function that gives these:
            what to answer outside the API.
        metrics_path: path of the Prometheus metrics, None for none.
        enable_cors: whether pages of other origins may use the API.
        takes_tokens: whether they may send a token.
        observe: called as `observe(model_name, action, code, seconds)` after
            each predict, classify and regress request that reached a model;
            `code` is the name of the status, such as `"OK"`.
        server_timing: whether answers to predict requests tell how long the
            model took, in a header `Server-Timing` as web pages can read it.
        limits: `RequestLimits` of what one request may ask for.
    """

    def __init__(
        self,
        manager,
        *,
        pages=None,
        metrics_path=None,
        enable_cors=False,
        takes_tokens=False,
        observe=None,
        server_timing=False,
        limits=None,
    ):
        self._manager = manager
        self._pages = dict(pages or {})
        self._metrics_path = metrics_path
        self._cors_headers = dict(_CORS_HEADERS) if enable_cors else {}
        if enable_cors and takes_tokens:
            self._cors_headers[_CORS_TAKEN] += ", Authorization"
        self._observe = observe
        self._server_timing = server_timing
        self._limits = limits or RequestLimits()

    def handle(self, method, path, headers, body):
        """Answers one request; never raises.

        Args:
            method: `"GET"`, `"POST"`, ...
            path: the path as it came, percent-encoded; a query is ignored.
            headers: mapping from names, of any case, to values.
            body: bytes, as they came.

        Returns:
            A `Response`.
        """
        path = path.partition("?")[0]
        try:
            if is_api(path):
                return self._answer_api(method, path, headers, body)
            return self._answer_page(method, path)
        except ServingError as error:
            return self._error(error)
        except Exception as error:
            return self._error(_internal(error))

    def _answer_page(self, method, path):
        if method in ("GET", "HEAD"):
            if path in self._pages:
                page = self._pages[path]
                content_type, body = page() if callable(page) else page
                return Response(200, {"Content-Type": content_type}, body)
            if path == self._metrics_path:
                text = self._manager.metrics_text()
                return Response(
                    200, {"Content-Type": "text/plain"}, text.encode("utf-8")
                )
        return Response(404, {"Content-Type": "text/html"}, _NOT_FOUND_PAGE)

    def _answer_api(self, method, path, headers, body):
        headers = {name.lower(): value for name, value in headers.items()}
        if method == "OPTIONS":
            return self._preflight(headers)
        target = parse_target(method, path)
        if not target.name:
            raise invalid("Missing model name in request.")
        if target.action == "status":
            return self._json(self._status(target))
        if target.action == "metadata":
            return self._json(self._metadata(target))
        if headers.get("content-encoding", "").strip().lower() == "gzip":
            body = inflate(
                body, self._limits.inflated_bytes, self._limits.inflation
            )
        if target.action == "predict":
            return self._predict(target, body)
        return self._json(self._examples(target, body))

    def _preflight(self, headers):
        if not headers.get("origin", "").startswith(("http://", "https://")):
            raise invalid("Origin header is missing in CORS preflight")
        return self._json(b"")

    def _json(self, body, status=200):
        headers = {"Content-Type": "application/json", **self._cors_headers}
        return Response(status, headers, body)

    def _error(self, error):
        # UNKNOWN, INTERNAL, DATA_LOSS and whatever else there may be: 500.
        status = _STATUS.get(error.code, 500)
        return self._json(encode_error(error.message), status)

    def _status(self, target):
        # A label is not looked at, as in TensorFlow Serving.
        versions = self._manager.versions(target.name, target.version)
        answer = [
            {
                "version": str(version.version),
                "state": version.state,
                "status": {
                    "error_code": version.error_code,
                    "error_message": version.error_message,
                },
            }
            for version in sorted(versions, key=lambda one: -one.version)
        ]
        return _encode({"model_version_status": answer})

    def _metadata(self, target):
        with self._servable(target) as servable:
            signatures = {
                name: json_format.MessageToDict(
                    signature,
                    preserving_proto_field_name=True,
                    always_print_fields_with_no_presence=True,
                )
                for name, signature in servable.signature_defs.items()
            }
            model = {
                "name": target.name,
                "signature_name": "",
                "version": str(servable.version),
            }
        return _encode(
            {
                "model_spec": model,
                "metadata": {"signature_def": {"signature_def": signatures}},
            }
        )

    def _servable(self, target):
        return self._manager.servable(
            target.name, version=target.version, label=target.label
        )

    @contextlib.contextmanager
    def _observed_servable(self, target, start):
        with self._servable(target) as servable:
            code = "OK"
            try:
                yield servable
            except ServingError as error:
                code = error.code
                raise
            except Exception:
                code = "INTERNAL"
                raise
            finally:
                if self._observe:
                    seconds = time.perf_counter() - start
                    self._observe(target.name, target.action, code, seconds)

    def _predict(self, target, body):
        start = time.perf_counter()
        servable = None
        with contextlib.ExitStack() as stack:

            def find_signature(name):
                # Only now: text that is no JSON is the first thing wrong.
                nonlocal servable
                servable = stack.enter_context(
                    self._observed_servable(target, start)
                )
                return _signature(servable, name)

            request = parse_predict_request(
                body, find_signature, self._limits.json_memory
            )
            check_inputs(request.inputs, self._limits)
            run_start = time.perf_counter()
            outputs = servable.run(
                request.signature_name or DEFAULT_SIGNATURE, request.inputs
            )
            milliseconds = 1000 * (time.perf_counter() - run_start)
            answer = encode_predict_response(
                outputs, request.is_row, self._limits.answer_bytes
            )
        answer = self._json(answer)
        if self._server_timing:
            timing = f"model;dur={milliseconds:.1f}"
            answer.headers["Server-Timing"] = timing
        return answer

    def _examples(self, target, body):
        start = time.perf_counter()
        request = parse_examples_request(body, self._limits.json_memory)
        with self._observed_servable(target, start) as servable:
            signature = _signature(servable, request.signature_name)
            method = f"tensorflow/serving/{target.action}"
            if signature.method_name != method:
                raise invalid(
                    f"Expected signature method_name to be {method}. Was: "
                    f"{signature.method_name}"
                )
            inputs = {"inputs": request.serialized()}
            check_inputs(inputs, self._limits)
            outputs = servable.run(
                request.signature_name or DEFAULT_SIGNATURE, inputs
            )
            if target.action == "classify":
                return encode_classify_response(outputs)
            return encode_regress_response(outputs)


def _signature(servable, name):
    try:
        return servable.signatures[name or DEFAULT_SIGNATURE]
    except KeyError:
        raise invalid(
            f'Serving signature name: "{name or DEFAULT_SIGNATURE}" not found '
            "in signature def"
        ) from None


def _encode(document):
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _internal(error):
    _log.exception("A request failed inside the server")
    lines = str(error).splitlines()
    reason = f"{type(error).__name__}: {lines[0] if lines else ''}"
    return ServingError("INTERNAL", f"Internal error: {reason}")
