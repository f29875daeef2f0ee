"""What OpenVINO computes in int8: layer by layer, beside float32."""

import math

import numpy as np

from accel_tf.runtimes.layers import Layer, carries_products

_KERNEL_AXES = {
    "Convolution": 1,
    "ConvolutionBackpropData": 1,
    "GroupConvolution": 2,
    "GroupConvolutionBackpropData": 2,
}
_PRODUCTS = (*_KERNEL_AXES, "MatMul")
# On processors with AMX, int8 of OpenVINO 2026.4 is wrong for kernels wider
# than three on so many channels, as SegFormer-B0's 8x8 convolution of 32.
_WRONG_IF_WIDE = range(8, 64)
_POSITIONS = ("Floor", "Maximum", "Minimum", "Subtract")
_SOURCES = ("Parameter", "Gather", "GatherND", "GridSample", *_POSITIONS)
_SUMS = ("Add", "Subtract", "Multiply", "Divide")
_COUNTED = (*_PRODUCTS, *_SUMS, "AvgPool")
_QUANTIZER = "FakeQuantize"


def name_products(model, graph_def):
    """Gives convolutions and matrix products their names in TensorFlow.

    OpenVINO numbers those that it moves to another layout. They are known
    again by their weights: how many, the least and the greatest.

    Args:
        model: `openvino.Model`, changed.
        graph_def: `tf.compat.v1.GraphDef` that it was made of.
    """
    import tensorflow as tf

    nodes = {node.name: node for node in graph_def.node}
    known = {}
    for node in graph_def.node:
        for name in node.input if node.op != "Identity" else ():
            source = nodes.get(name.split(":")[0].removeprefix("^"))
            while source is not None and source.op == "Identity":
                source = nodes.get(source.input[0].split(":")[0])
            if source is not None and source.op == "Const":
                array = tf.make_ndarray(source.attr["value"].tensor)
                if array.dtype == np.float32 and array.ndim > 1:
                    known.setdefault(_mark(array), []).append(node.name)
    taken = {op.get_friendly_name() for op in model.get_ops()}
    for op in model.get_ordered_ops():
        weights = _weights(op) if op.get_type_name() in _PRODUCTS else None
        names = known.get(_mark(weights), ()) if weights is not None else ()
        for name in names:
            name = name.rpartition("/")[0] or name
            if name not in taken:
                op.set_friendly_name(name)
                taken.add(name)
                break
        if op.get_type_name() == "Add":
            _name_sum(op, taken)


def _name_sum(add, taken):
    """Names a sum by the last product of which it is one, with a number."""
    values = [port.get_node() for port in _ports(add)]
    if any(value.get_type_name() == "Constant" for value in values):
        return  # a bias
    names = []
    for value in values:
        while value.get_type_name() in (*_SUMS, "Relu", "ReLU", "Transpose"):
            value = _ports(value)[0].get_node()
        if value.get_type_name() in _PRODUCTS:
            names.append(value.get_friendly_name())
    for number in range(1, 100 if names else 0):
        name = f"{names[-1]}/sum" + (f"_{number}" if number > 1 else "")
        if name not in taken:
            add.set_friendly_name(name)
            taken.add(name)
            break


def products(model):
    """The convolutions and matrix products of a program.

    Args:
        model: `openvino.Model`.

    Returns:
        list of `Layer`.
    """
    return [
        _layer(op)
        for op in model.get_ordered_ops()
        if op.get_type_name() in _PRODUCTS
    ]


def quantized(model):
    """Those operations of an int8 program that take whole numbers.

    Returns:
        list of `Layer`.
    """
    return [
        _layer(op)
        for op in model.get_ordered_ops()
        if op.get_type_name() in _COUNTED
        and any(_is_quantized(op, port.get_node()) for port in _ports(op))
    ]


def exempt(model):
    """Names of the operations of a program that stay in float32.

    What moves, weights and averages values: see `carries_products`, and
    products with constants that are nowhere negative, which resize scores.
    So does what would be wrong on some processors.

    Args:
        model: `openvino.Model`.
    """
    operations = _by_name(model)
    carrying = _carrying(operations)
    names = []
    for name, op in operations.items():
        kind = op.get_type_name()
        if kind in _PRODUCTS:
            weights = _weights(op)
            resizes = weights is not None and weights.min() >= 0
            stays = resizes or _may_be_wrong(op)
        else:
            stays = kind in _SUMS and name not in carrying
        if stays:
            names.append(name)
    return names


def comparison(exact, whole, names, output):
    """A program that runs both, and every int8 layer on what float32 has.

    Args:
        exact: `openvino.Model` in float32.
        whole: the one in int8 made of it.
        names: of layers of both.
        output: name of the output.

    Returns:
        `openvino.Model` with the inputs of `exact` and an output
        `[layers, 2]`: for each layer the sums of the squares of float32's
        numbers, and of what int8's differ by.
    """
    import openvino
    from openvino import opset13 as opset

    exact, whole = exact.clone(), whole.clone()
    theirs, ours = _by_name(exact), _by_name(whole)
    for parameter in whole.get_parameters():
        same = theirs[parameter.get_friendly_name()].output(0)
        for port in parameter.output(0).get_target_inputs():
            port.replace_source_output(same)
    for op in ours.values():
        source = op.input_value(0) if op.get_type_name() == _QUANTIZER else None
        name = source and source.get_node().get_friendly_name()
        if name in theirs:
            same = theirs[name].output(source.get_index())
            op.input(0).replace_source_output(same)
    rows = []
    for name in names:
        x, y = (_with_bias(ops[name]) for ops in (theirs, ours))
        difference = opset.subtract(y, x)
        for each in (x, difference.output(0)):
            axes = np.arange(len(x.get_shape()))
            square = opset.multiply(each, each)
            rows.append(opset.reduce_sum(square, axes, keep_dims=False))
    rows = [opset.unsqueeze(row, 0) for row in rows]
    powers = opset.reshape(opset.concat(rows, 0), [len(names), 2], False)
    powers.output(0).get_tensor().set_names({f"{output}:0"})
    return openvino.Model([powers], exact.get_parameters(), "comparison")


def _by_name(model):
    """dict of name -> operation, each after those whose values it takes."""
    return {op.get_friendly_name(): op for op in model.get_ordered_ops()}


def _ports(op):
    return [op.input_value(index) for index in range(op.get_input_size())]


def _is_quantized(op, source):
    kind, name = source.get_type_name(), source.get_friendly_name()
    return kind == _QUANTIZER or name.startswith(
        f"{op.get_friendly_name()}/fq_weights"
    )


def _weights(op):
    """The constant factor of a product, or `None`."""
    for port in reversed(_ports(op)[:2]):
        node = port.get_node()
        if node.get_type_name() == "Constant":
            return node.data
    return None


def _may_be_wrong(op):
    """Whether int8 is wrong on some processors."""
    if op.get_type_name() != "Convolution":
        return False
    _, channels, *sizes = _ports(op)[1].get_shape()
    return sizes[-1] > 3 and channels in _WRONG_IF_WIDE


def _mark(array):
    return array.size, float(array.min()), float(array.max())


def _layer(op):
    kind = op.get_type_name()
    elements = math.prod(op.get_output_shape(0))
    count = 0
    if kind in _KERNEL_AXES:
        # Each number that goes into a transposed convolution is multiplied.
        one = _ports(op)[0].get_shape() if "Backprop" in kind else None
        kernel = _ports(op)[1].get_shape()[_KERNEL_AXES[kind] :]
        count = math.prod(one or [elements]) * math.prod(kernel)
    elif kind == "MatMul":
        shape = _ports(op)[0].get_shape()
        transposed = op.get_attributes().get("transpose_a")
        count = elements * shape[-2 if transposed else -1]
    return Layer(op.get_friendly_name(), kind, count, elements)


def _carrying(operations):
    """The names that `carries_products` finds; `operations` by name."""

    def inputs(name):
        op = operations[name]
        kind = op.get_type_name()
        before = [
            port.get_node().get_friendly_name()
            for port in _ports(op)
            if port.get_node().get_type_name() != "Constant"
        ]
        role = "weighted" if kind == "Multiply" and len(before) > 1 else "other"
        role = "source" if kind in _SOURCES else role
        return ("product" if kind in _PRODUCTS else role), before

    return carries_products(operations, inputs)


def _with_bias(op):
    """What a product gives, with the constant that is added to it, if any."""
    output = op.output(0)
    ports = list(output.get_target_inputs())
    if len(ports) == 1 and ports[0].get_node().get_type_name() == "Add":
        add = ports[0].get_node()
        kinds = {port.get_node().get_type_name() for port in _ports(add)}
        if "Constant" in kinds:
            return add.output(0)
    return output
