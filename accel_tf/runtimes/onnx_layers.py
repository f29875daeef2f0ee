"""What ONNX Runtime computes in int8: layer by layer, beside float32."""

import math

import numpy as np

from accel_tf.optional import require
from accel_tf.runtimes.layers import Layer, carries_products

_PRODUCTS = ("Conv", "ConvTranspose", "MatMul", "Gemm")
_POSITIONS = ("Floor", "Max", "Min", "Sub")
_SOURCES = ("Gather", "GatherElements", "GatherND", "GridSample", *_POSITIONS)
_SUMS = ("Add", "Sub", "Mul", "Div")
_COUNTED = (*_PRODUCTS, *_SUMS, "AveragePool", "GlobalAveragePool")
# The runtime has no whole numbers for it on the processor.
_NEVER = ("ConvTranspose",)
_MOVES = ("Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze")
_OURS = "int8/"


def fold_constants(model):
    """Computes what is made of constants alone by moving numbers.

    The quantizer gives each output channel of a weight its own scale, if it
    sees that it is one.

    Args:
        model: `onnx.ModelProto`, changed.
    """
    numpy_helper = require("onnx.numpy_helper", "onnx")
    evaluator = require("onnx.reference", "onnx").ReferenceEvaluator
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in list(graph.node):
        if node.op_type not in _MOVES or not {*node.input} <= tensors.keys():
            continue
        arrays = {x: numpy_helper.to_array(tensors[x]) for x in node.input}
        (array,) = evaluator(node).run(None, arrays)
        tensor = numpy_helper.from_array(
            np.ascontiguousarray(array), node.output[0]
        )
        tensors[tensor.name] = tensor
        graph.initializer.append(tensor)
        graph.node.remove(node)
    _remove_unused(graph)


def products(model):
    """The convolutions and matrix products of an `onnx.ModelProto`.

    Returns:
        list of `Layer`.
    """
    shapes = _shapes(model)
    return [_layer(n, shapes) for n in model.graph.node if _is_product(n)]


def quantized(model):
    """Those operations of an int8 program that take whole numbers.

    Returns:
        list of `Layer`.
    """
    nodes, shapes = model.graph.node, _shapes(model)
    whole = {n.output[0] for n in nodes if n.op_type == "DequantizeLinear"}
    return [
        _layer(node, shapes)
        for node in nodes
        if node.op_type in _COUNTED and whole.intersection(node.input)
    ]


def exempt(model):
    """Names of the operations that stay in float32.

    As `openvino_layers.exempt`, and what the runtime has no int8 for.
    """
    constants = _constants(model)
    nodes = {node.name: node for node in model.graph.node}
    makers = {out: node.name for node in nodes.values() for out in node.output}

    def inputs(name):
        node = nodes[name]
        before = [
            makers.get(each, "")
            for each in node.input
            if each and each not in constants
        ]
        role = "other"
        if _is_product(node):
            role = "product"
        elif node.op_type in _SOURCES:
            role = "source"
        elif node.op_type == "Mul" and len(before) > 1:
            role = "weighted"
        return role, before

    carrying = carries_products(nodes, inputs)
    names = []
    for name, node in nodes.items():
        stays = node.op_type in _NEVER
        if _is_product(node):
            weights = [constants[x] for x in node.input[:2] if x in constants]
            stays |= any(array.min() >= 0 for array in weights)
        else:
            stays |= node.op_type in _SUMS and name not in carrying
        if stays:
            names.append(name)
    return names


def fold_weights(model):
    """Stores weights in whole numbers that are made so from constants.

    Args:
        model: `onnx.ModelProto` in int8, changed.
    """
    numpy_helper = require("onnx.numpy_helper", "onnx")
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    gone = []
    for node in graph.node:
        if node.op_type != "QuantizeLinear" or node.input[0] not in tensors:
            continue
        x, scale, zero = (
            numpy_helper.to_array(tensors[name]) for name in node.input[:3]
        )
        if scale.ndim:
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            shape = [1] * x.ndim
            shape[axis] = -1
            scale, zero = scale.reshape(shape), zero.reshape(shape)
        limits = np.iinfo(zero.dtype)
        steps = np.rint(x / scale) + zero
        steps = np.clip(steps, limits.min, limits.max).astype(zero.dtype)
        graph.initializer.append(numpy_helper.from_array(steps, node.output[0]))
        gone.append(node)
    for node in gone:
        graph.node.remove(node)
    _remove_unused(graph)


def comparison(exact, whole, names, output):
    """A program that runs both, as `openvino_layers.comparison`.

    Args:
        exact: `onnx.ModelProto` in float32.
        whole: the one in int8 made of it.
        names: of layers of both.
        output: name of the output.

    Returns:
        `onnx.ModelProto`.
    """
    onnx = require("onnx", "onnx")
    merged = onnx.ModelProto()
    merged.CopyFrom(exact)
    graph = merged.graph
    given = {port.name for port in graph.input} | {""}
    theirs = {name for node in graph.node for name in node.output} | given
    results = {node.name: node.output[0] for node in graph.node}

    def ours(name):
        return name if name in given else _OURS + name

    for tensor in whole.graph.initializer:
        copy = graph.initializer.add()
        copy.CopyFrom(tensor)
        copy.name = ours(tensor.name)
    for node in whole.graph.node:
        copy = graph.node.add()
        copy.CopyFrom(node)
        copy.name = _OURS + node.name
        copy.input[:] = map(ours, node.input)
        copy.output[:] = map(ours, node.output)
        if node.op_type == "QuantizeLinear" and node.input[0] in theirs:
            copy.input[0] = node.input[0]
    own = {node.name: ours(node.output[0]) for node in whole.graph.node}
    _add_powers(
        onnx, graph, [(results[name], own[name]) for name in names], output
    )
    return merged


def _add_powers(onnx, graph, pairs, output):
    axes = onnx.numpy_helper.from_array(np.array([0]), "powers/axes")
    shape = onnx.numpy_helper.from_array(
        np.array([len(pairs), 2]), "powers/shape"
    )
    graph.initializer.extend([axes, shape])

    def add(kind, inputs, name, **settings):
        node = onnx.helper.make_node(kind, inputs, [name], name, **settings)
        graph.node.append(node)
        return name

    rows = []
    for index, (x, y) in enumerate(pairs):
        difference = add("Sub", [y, x], f"powers/{index}")
        for number, each in enumerate((x, difference)):
            name = f"powers/{index}/{number}"
            power = add("ReduceSumSquare", [each], f"{name}/sum", keepdims=0)
            rows.append(add("Unsqueeze", [power, axes.name], name))
    add("Concat", rows, "powers/all", axis=0)
    add("Reshape", ["powers/all", shape.name], output)
    del graph.output[:]
    graph.output.append(
        onnx.helper.make_tensor_value_info(
            output, onnx.TensorProto.FLOAT, [len(pairs), 2]
        )
    )


def _remove_unused(graph):
    """Removes the constants that nothing takes."""
    used = {name for node in graph.node for name in node.input}
    used |= {port.name for port in graph.output}
    for tensor in [t for t in graph.initializer if t.name not in used]:
        graph.initializer.remove(tensor)


def _is_product(node):
    return node.op_type in _PRODUCTS


def _constants(model):
    numpy_helper = require("onnx.numpy_helper", "onnx")
    return {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in model.graph.initializer
    }


def _shapes(model):
    """dict of a tensor's name -> its shape, as far as known."""
    onnx = require("onnx", "onnx")
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for port in (*graph.input, *graph.value_info, *graph.output):
        dimensions = port.type.tensor_type.shape.dim
        shapes[port.name] = tuple(each.dim_value for each in dimensions)
    return shapes


def _layer(node, shapes):
    x, *others = (shapes.get(name, ()) for name in node.input)
    elements = math.prod(shapes.get(node.output[0], ()))
    count = 0
    if node.op_type == "Conv":
        count = elements * math.prod(others[0][1:])
    elif node.op_type == "ConvTranspose":
        count = math.prod(x) * math.prod(others[0][1:])
    elif _is_product(node):
        attributes = {each.name: each.i for each in node.attribute}
        count = elements * x[-2 if attributes.get("transA") else -1]
    return Layer(node.name, node.op_type, count, elements)
