"""One version of a model, loaded from a SavedModel.

Loaded into a TensorFlow 1 session, as TensorFlow Serving does, and called
through callables of that session. Of the ways to call a SavedModel from
Python this one costs least by far: about 0.01 ms for a model that does next
to nothing, where `Session.run` and a signature of `tf.saved_model.load` cost
0.12 and 0.14 ms. Like TensorFlow Serving it also leaves it to the graph
whether an input's shape will do.
"""

import pathlib
import threading
import time
import weakref

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import config_pb2

from accel_tf.serving import prediction_log
from accel_tf.serving.current_request import check_client
from accel_tf.serving.stream_order import StreamOrder
from accel_tf.serving.tensorflow_errors import one_line, serving_errors
from accel_tf.serving.tensors import (
    DEFAULT_SIGNATURE,
    STREAM_INPUT,
    ServingError,
    Signature,
)

_INIT_SIGNATURE = "__saved_model_init_op"


class SavedModelServable:
    """A SavedModel that answers requests, from any number of threads.

    Requests to signatures with an input `stream_id` are answered one after
    the other per stream, in the order of their arrival (`StreamOrder`); a
    signature `close` with only that input closes streams.

    Args:
        name: name of the model.
        version: number of the version, int.
        path: folder of the SavedModel.
        threads: threads for one operation and for operations side by side;
            by default as many as there are cores. The first model of a
            process decides for all.
        max_streams: streams that may be open at a time; None for any number.
        observe: called as `observe(model_name, seconds)` after each call of
            the graph; None for no such call.

    Attributes:
        name: as given.
        version: as given.
        signatures: dict of name -> `Signature`.
        signature_defs: dict of name -> `SignatureDef` message.

    Raises:
        ServingError: the folder holds no SavedModel that can be loaded, or
            one of its warm-up requests failed.
    """

    def __init__(
        self,
        name,
        version,
        path,
        threads=None,
        *,
        max_streams=None,
        observe=None,
    ):
        self.name = name
        self.version = version
        self._observe = observe
        self._order = StreamOrder(max_streams)
        self._callables = {}
        self._callables_lock = threading.Lock()
        self._session = tf.compat.v1.Session(
            graph=tf.Graph(), config=_session_config(threads)
        )
        # Also when a servable is dropped unclosed, or the process ends.
        self._release = weakref.finalize(
            self, _release, self._session, self._callables
        )
        try:
            with serving_errors("could not be loaded"):
                self.signature_defs = _load(self._session, path)
            self.signatures = {
                key: Signature.from_proto(signature_def)
                for key, signature_def in self.signature_defs.items()
                if key != _INIT_SIGNATURE
            }
            self._warm_up(pathlib.Path(path) / prediction_log.PATH)
        except BaseException:
            self.close()
            raise

    def run(self, signature_name, inputs):
        """Answers one request.

        Args:
            signature_name: name of the signature.
            inputs: dict of name -> array; strings as `bytes` in arrays of
                the type object.

        Returns:
            dict of name -> array, strings as in `inputs`.

        Raises:
            ServingError: there is no such signature, an input does not fit,
                or the model failed.
        """
        signature = self._signature(signature_name)
        _check_names(inputs, signature.inputs)
        if STREAM_INPUT not in inputs:
            return self._call(signature_name, inputs)
        streams = np.ravel(inputs[STREAM_INPUT]).tolist()
        opens = len(inputs) > 1
        with self._order.turn(streams, opens):
            outputs = self._call(signature_name, inputs)
        if signature_name == "close" and not opens:
            self._order.forget(streams)
        return outputs

    def stats(self):
        """Numbers about all streams, without waiting for any of them.

        Returns:
            dict of name -> number: the outputs of the signature `stats` but
            those about single streams, which begin with `stream_`; empty if
            there is no signature that takes at most the ids of streams.
        """
        signature = self.signatures.get("stats")
        if signature is None or signature.inputs.keys() - {STREAM_INPUT}:
            return {}
        # One row, as these signatures answer with a row for every id.
        one_id = np.zeros([1], np.int64)
        outputs = self._call("stats", dict.fromkeys(signature.inputs, one_id))
        return {
            key: value.flat[0].item()
            for key, value in outputs.items()
            if value.size
            and value.dtype.kind in "iuf"
            and not key.startswith("stream_")
        }

    def close(self):
        """Frees the memory; no request may be under way.

        What its graph takes is freed with the servable itself, which is in
        cycles of references (see `give_back_memory`).
        """
        with self._callables_lock:
            self._session = None
            self._release()

    def _signature(self, name):
        if name not in self.signatures:
            raise ServingError(
                "INVALID_ARGUMENT",
                f'Serving signature name: "{name}" not found in signature def',
            )
        return self.signatures[name]

    def _call(self, signature_name, inputs):
        # Nothing breaks off a call: a session takes no cancellation.
        check_client()
        callable_ = self._callable(signature_name)
        signature = self.signatures[signature_name]
        start = time.perf_counter()
        with serving_errors("failed"):
            outputs = callable_(
                *(np.asarray(inputs[key]) for key in signature.inputs)
            )
        if self._observe is not None:
            seconds = time.perf_counter() - start
            self._observe(self.name, seconds)
        by_tensor = dict(
            zip(_fetches(signature), map(_as_array, outputs), strict=True)
        )
        return {
            key: by_tensor[tensor]
            for key, tensor in signature.output_names.items()
        }

    def _callable(self, signature_name):
        # The first call prepares the graph; the others must not meanwhile.
        with self._callables_lock:
            if self._session is None:
                raise ServingError(
                    "UNAVAILABLE",
                    f"version {self.version} of {self.name} is unloaded",
                )
            if signature_name not in self._callables:
                signature = self.signatures[signature_name]
                names = [
                    *signature.input_names.values(),
                    *signature.output_names.values(),
                ]
                if not all(names):
                    raise ServingError(
                        "UNIMPLEMENTED",
                        f"signature {signature_name} has tensors that are not "
                        "dense",
                    )
                options = config_pb2.CallableOptions(
                    feed=signature.input_names.values(),
                    fetch=_fetches(signature),
                )
                with serving_errors("failed"):
                    self._callables[signature_name] = (
                        self._session._make_callable_from_options(options)
                    )
            return self._callables[signature_name]

    def _warm_up(self, path):
        if not path.is_file():
            return
        try:
            for name, inputs in prediction_log.read_predict_requests(path):
                arrays = {
                    key: tf.make_ndarray(
                        tensor_pb2.TensorProto.FromString(data)
                    )
                    for key, data in inputs.items()
                }
                self.run(name or DEFAULT_SIGNATURE, arrays)
        except ServingError as error:
            raise ServingError(
                error.code, f"A warm-up request failed: {error.message}"
            ) from error
        except ValueError as error:
            raise ServingError("INVALID_ARGUMENT", one_line(error)) from error


def _release(session, callables):
    callables.clear()
    session.close()


def _session_config(threads):
    config = tf.compat.v1.ConfigProto()
    if threads is not None:
        config.intra_op_parallelism_threads = threads
        config.inter_op_parallelism_threads = threads
    # Several versions share a device while one replaces the other.
    config.gpu_options.allow_growth = True
    return config


def _load(session, path):
    """Loads a SavedModel into a session; gives its signatures."""
    if not tf.saved_model.contains_saved_model(path):
        raise ServingError("NOT_FOUND", f"there is no SavedModel in {path}")
    # Says that this function is deprecated: nothing a user could act on.
    logger = tf.get_logger()
    logger.addFilter(_is_no_deprecation)
    try:
        with session.graph.as_default():
            loaded = tf.compat.v1.saved_model.load(
                session, [tf.saved_model.SERVING], str(path)
            )
    finally:
        logger.removeFilter(_is_no_deprecation)
    return dict(loaded.signature_def)


def _is_no_deprecation(record):
    return "deprecated" not in str(record.msg)


def _fetches(signature):
    # Two outputs may be one tensor, which can be fetched but once.
    return list(dict.fromkeys(signature.output_names.values()))


def _as_array(value):
    # A string of rank 0 comes as bytes, which NumPy would cut at a zero.
    if isinstance(value, (bytes, str)):
        return np.array(value, object)
    return np.asarray(value)


def _check_names(inputs, expected):
    extra = ",".join(sorted(inputs.keys() - expected.keys()))
    missing = ",".join(sorted(expected.keys() - inputs.keys()))
    if extra or missing:
        raise ServingError(
            "INVALID_ARGUMENT",
            f"input size does not match signature: {len(inputs)}!="
            f"{len(expected)} len({{{','.join(sorted(inputs))}}}) != "
            f"len({{{','.join(sorted(expected))}}}). Sent extra: {{{extra}}}. "
            f"Missing but required: {{{missing}}}.",
        )
