"""TensorFlow's exceptions as those of a server."""

import contextlib
import re

import tensorflow as tf

from accel_tf.serving.tensors import ServingError

_MAX_MESSAGE = 1000
_CODES = {
    tf.errors.CANCELLED: "CANCELLED",
    tf.errors.UNKNOWN: "UNKNOWN",
    tf.errors.INVALID_ARGUMENT: "INVALID_ARGUMENT",
    tf.errors.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
    tf.errors.NOT_FOUND: "NOT_FOUND",
    tf.errors.ALREADY_EXISTS: "ALREADY_EXISTS",
    tf.errors.PERMISSION_DENIED: "PERMISSION_DENIED",
    tf.errors.UNAUTHENTICATED: "UNAUTHENTICATED",
    tf.errors.RESOURCE_EXHAUSTED: "RESOURCE_EXHAUSTED",
    tf.errors.FAILED_PRECONDITION: "FAILED_PRECONDITION",
    tf.errors.ABORTED: "ABORTED",
    tf.errors.OUT_OF_RANGE: "OUT_OF_RANGE",
    tf.errors.UNIMPLEMENTED: "UNIMPLEMENTED",
    tf.errors.INTERNAL: "INTERNAL",
    tf.errors.UNAVAILABLE: "UNAVAILABLE",
    tf.errors.DATA_LOSS: "DATA_LOSS",
}


@contextlib.contextmanager
def serving_errors(what):
    """Turns TensorFlow's exceptions into `ServingError`."""
    try:
        yield
    except ServingError:
        raise
    except tf.errors.OpError as error:
        code = _CODES.get(error.error_code, "UNKNOWN")
        raise ServingError(code, one_line(error.message)) from error
    except OSError as error:
        raise ServingError("DATA_LOSS", one_line(error)) from error
    except (ValueError, TypeError) as error:
        raise ServingError("INVALID_ARGUMENT", one_line(error)) from error
    except MemoryError as error:
        raise ServingError("RESOURCE_EXHAUSTED", "out of memory") from error
    except Exception as error:
        message = f"the model {what}: {type(error).__name__}: {error}"
        raise ServingError("INTERNAL", one_line(message)) from error


def one_line(message):
    """An error's message without what it says about the graph."""
    text = str(message)
    # Of several errors at a time the first one says it.
    first = re.search(r"\(0\) (?:[A-Z_]+: )?(.*)", text)
    if first and "root error(s) found" in text:
        text = first[1]
    text = re.split(r"\n\s*(?:Original stack trace|Errors may have)", text)[0]
    text = re.sub(r"\[\[.*?\]\]|\{\{function_node .*?\}\}", " ", text)
    text = text.removeprefix("Graph execution error:")
    text = " ".join(text.split())
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]}..."
