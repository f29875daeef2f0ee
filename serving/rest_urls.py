"""The addresses of TensorFlow Serving's REST API."""

import dataclasses
import re
import urllib.parse

from accel_tf.serving.tensors import invalid

_FLAGS = re.ASCII | re.IGNORECASE
_NAME = r"(?P<name>[^/:]+)"
_VERSION = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_POST = re.compile(
    rf"/v1/models/{_NAME}{_VERSION}:(?P<action>classify|regress|predict)",
    _FLAGS,
)
_GET = re.compile(
    rf"/v1/models(?:/{_NAME})?{_VERSION}(?:/(?P<action>metadata))?", _FLAGS
)
_LARGEST_VERSION = 2**63 - 1


@dataclasses.dataclass(frozen=True)
class Target:
    """What a request asks for, and of which model.

    Attributes:
        action: `"predict"`, `"classify"`, `"regress"`, `"metadata"` or
            `"status"`.
        name: Name of the model, empty if the address has none.
        version: Number of the version, or None.
        label: Label of the version, or None.
    """

    action: str
    name: str
    version: int | None = None
    label: str | None = None


def is_api(path):
    """Whether a path is one that the REST API answers, be it with an error."""
    return path.lower().startswith("/v1/")


def parse_target(method, path):
    """Parses the address of a request to the API.

    Args:
        method: `"GET"` or `"POST"`; there is nothing at any other.
        path: the path, still percent-encoded, without a query.

    Returns:
        A `Target`.

    Raises:
        ServingError: INVALID_ARGUMENT; there is nothing at this address.
    """
    pattern = {"GET": _GET, "POST": _POST}.get(method)
    match = pattern and pattern.fullmatch(path)
    if not match:
        raise invalid(f"Malformed request: {method} {path}")
    label = match["label"]
    return Target(
        (match["action"] or "status").lower(),
        urllib.parse.unquote(match["name"] or ""),
        _parse_version(match["version"]),
        None if label is None else urllib.parse.unquote(label),
    )


def _parse_version(digits):
    if digits is None:
        return None
    # The length first: the time int() takes grows with its square.
    significant = digits.lstrip("0") or "0"
    if len(significant) > 19 or int(significant) > _LARGEST_VERSION:
        raise invalid(f"Failed to convert version: {digits} to numeric.")
    return int(significant)
