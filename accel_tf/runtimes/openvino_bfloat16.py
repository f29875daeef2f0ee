"""bfloat16 in OpenVINO: the precisions of the model's own form, kept.

The operations of a program have the types that `fuse_for_inference(model,
"bfloat16")` gave them, with a `Convert` where the precision changes. OpenVINO
computes in these types as long as its own hint of a precision is float32.
"""

import numpy as np


def with_stand_in(graph_def):
    """A graph with float64 in the place of bfloat16.

    OpenVINO's reader of TensorFlow graphs knows no bfloat16; float64 holds
    the same numbers, and no model computes in it.

    Args:
        graph_def: `tf.compat.v1.GraphDef`, changed.

    Returns:
        `graph_def`.

    Raises:
        ValueError: if there is float64 in it.
    """
    import tensorflow as tf

    low, high = (x.as_datatype_enum for x in (tf.bfloat16, tf.float64))
    for node in graph_def.node:
        for value in node.attr.values():
            types = value.list.type
            if high in (value.type, value.tensor.dtype, *types):
                raise ValueError(f"{node.name} is float64 beside bfloat16.")
            if value.tensor.dtype == low:
                array = tf.make_ndarray(value.tensor).astype(np.float64)
                value.tensor.CopyFrom(tf.make_tensor_proto(array))
            elif value.type == low:
                value.type = high
            for index, each in enumerate(types):
                types[index] = high if each == low else each
    return graph_def


def narrow(model):
    """Puts bfloat16 in the place of the stand-in.

    Args:
        model: `openvino.Model` of such a graph, changed.
    """
    _retype(model, "f64", "bf16")


def fitting(model, core):
    """A program for this processor.

    Args:
        model: `openvino.Model`, left as it is.
        core: `openvino.Core`.

    Returns:
        `model`; where there are no instructions for bfloat16, which would
        take several times as long, its copy in float32 with the same weights.
    """
    if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        return model
    if not any(_is(op, "bf16") for op in model.get_ops()):
        return model
    model = model.clone()
    _retype(model, "bf16", "f32")
    return model


def _is(op, name):
    """Whether an operation gives numbers of a type."""
    outputs = op.outputs()
    return bool(outputs) and outputs[0].get_element_type().to_string() == name


def _retype(model, old, new):
    """Changes a type where it begins: at constants and conversions."""
    from openvino import opset13 as opset

    for op in model.get_ordered_ops():
        kind = op.get_type_name()
        if kind not in ("Constant", "Convert") or not _is(op, old):
            continue
        if kind == "Convert":
            other = opset.convert(op.input_value(0), new)
        elif new == "bf16":
            other = _in_bfloat16(op.get_data(dtype=np.float32))
        else:
            other = opset.constant(op.get_data(dtype=np.float32))
        other.set_friendly_name(op.get_friendly_name())
        op.output(0).replace(other.output(0))
    model.validate_nodes_and_infer_types()


def _in_bfloat16(array):
    """A constant; OpenVINO itself makes none of numbers that are infinite."""
    import openvino
    import tensorflow as tf

    low = array.astype(tf.bfloat16.as_numpy_dtype)
    tensor = openvino.Tensor(openvino.Type.bf16, array.shape)
    tensor.data.view(np.uint16)[...] = low.view(np.uint16)
    return openvino.op.Constant(tensor)
