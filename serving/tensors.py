"""What a served model takes and gives, and how it says that it cannot.

Nothing here imports TensorFlow: the REST front end and its tests need none.
"""

import dataclasses

import numpy as np

DEFAULT_SIGNATURE = "serving_default"
"""Name of the signature that answers a request that names none."""
STREAM_INPUT = "stream_id"
"""Input by which a signature says that it belongs to streams."""

_NUMPY_TYPES = {
    "bool": np.bool_,
    "complex64": np.complex64,
    "complex128": np.complex128,
    "double": np.float64,
    "float": np.float32,
    "half": np.float16,
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "string": np.object_,
    "uint8": np.uint8,
    "uint16": np.uint16,
    "uint32": np.uint32,
    "uint64": np.uint64,
}
_NAMES = {np.dtype(type_): name for name, type_ in _NUMPY_TYPES.items()}


class ServingError(Exception):
    """A request that cannot be answered, in the terms of the protocol.

    Attributes:
        code: Canonical name of the status, such as `"INVALID_ARGUMENT"`,
            `"NOT_FOUND"` or `"RESOURCE_EXHAUSTED"`.
        message: What was wrong, for whoever sent the request.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message):
    """The error of a request that is not as it should be."""
    return ServingError("INVALID_ARGUMENT", message)


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """An input or output of a signature.

    Attributes:
        dtype: TensorFlow's name of the type in lower case, without `DT_`:
            `"float"`, `"double"`, `"int32"`, `"string"`, `"half"`, ...
        shape: Tuple of sizes, None for an unknown one; None if not even the
            rank is known.
    """

    dtype: str
    shape: tuple[int | None, ...] | None


@dataclasses.dataclass(frozen=True)
class Signature:
    """A function of a SavedModel that can be called by name.

    Attributes:
        inputs: Name in requests -> `TensorInfo`.
        outputs: Name in answers -> `TensorInfo`.
        method_name: `"tensorflow/serving/predict"`, `.../classify` or
            `.../regress`.
        input_names: Name in requests -> name of the tensor in the graph.
        output_names: Name in answers -> name of the tensor in the graph.
    """

    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]
    method_name: str
    input_names: dict[str, str] = dataclasses.field(default_factory=dict)
    output_names: dict[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_proto(cls, signature_def):
        """Reads a `tensorflow.SignatureDef` message."""
        inputs, outputs = signature_def.inputs, signature_def.outputs
        return cls(
            {name: _info_from_proto(info) for name, info in inputs.items()},
            {name: _info_from_proto(info) for name, info in outputs.items()},
            signature_def.method_name,
            {name: info.name for name, info in inputs.items()},
            {name: info.name for name, info in outputs.items()},
        )


def _info_from_proto(info):
    # The message's own description holds the names of the types, so that
    # TensorFlow need not be imported for them.
    types = info.DESCRIPTOR.fields_by_name["dtype"].enum_type
    dtype = types.values_by_number[info.dtype].name.removeprefix("DT_").lower()
    if info.tensor_shape.unknown_rank:
        return TensorInfo(dtype, None)
    sizes = (dimension.size for dimension in info.tensor_shape.dim)
    return TensorInfo(dtype, tuple(None if n < 0 else n for n in sizes))


@dataclasses.dataclass(frozen=True)
class VersionStatus:
    """How far a version of a model is.

    Attributes:
        version: Number of the version.
        state: `"START"`, `"LOADING"`, `"AVAILABLE"`, `"UNLOADING"` or `"END"`.
        error_code: `"OK"`, or why the version ended.
        error_message: Empty, or why the version ended.
    """

    version: int
    state: str
    error_code: str = "OK"
    error_message: str = ""


def numpy_type(dtype):
    """The NumPy type of a TensorFlow type; None if NumPy has none.

    Strings are arrays of the type object that hold `bytes`.

    Args:
        dtype: a name as in `TensorInfo.dtype`.
    """
    type_ = _NUMPY_TYPES.get(dtype)
    return None if type_ is None else np.dtype(type_)


def dtype_name(array):
    """TensorFlow's name of an array's type, as in `TensorInfo.dtype`."""
    if array.dtype.kind in "OSU":
        return "string"
    return _NAMES.get(array.dtype, array.dtype.name)
