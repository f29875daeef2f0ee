"""TensorFlow programs whose large weights are outside of them."""

import contextlib
import contextvars

from accel_tf.ops.kernels import runs_onednn

_shares = contextvars.ContextVar("shares_weights", default=False)

# What grappler makes of convolutions -> what oneDNN's pass makes of that.
_NATIVE = {
    "Conv2D": "_MklNativeConv2D",
    "_FusedConv2D": "_MklNativeFusedConv2D",
}
_DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"


def shares_weights():
    """Whether a program that is being made takes weights from outside.

    Programs without oneDNN always do: only oneDNN has an order of its own
    for the weights of convolutions, and it keeps what it has ordered only of
    constants, and in a `final_program`.
    """
    return _shares.get() or not runs_onednn()


def final_program(function):
    """`tf.function` of what runs networks whose weights no longer change.

    A constant is copied half a dozen times on its way into a running
    program. With weights outside of it that are shared by all programs there
    is one copy, and another of oneDNN, in its order. TensorFlow asks oneDNN
    to order weights once only if they are constants; so the program is
    optimised here, and those of its convolutions whose weights come from
    outside are made such as TensorFlow makes of those with constants.

    Args:
        function: of tensors and structures of tensors; its results are such,
            too, and may hold `None`. It must not change variables.

    Returns:
        A function like it. It has a program for each kind of arguments.
    """
    import tensorflow as tf

    if not runs_onednn() or tf.config.functions_run_eagerly():
        return tf.function(function, autograph=False)
    programs = {}

    def run(*arguments):
        flat = [tf.convert_to_tensor(x) for x in tf.nest.flatten(arguments)]
        key = _structure(arguments), *((x.dtype, *x.shape) for x in flat)
        if key not in programs:
            programs[key] = _compiled(function, arguments)
        return programs[key](flat)

    return run


def _structure(x):
    """Of nested tuples and dicts of tensors, without the tensors.

    The order of a dict's items is no part of it, as for `tf.nest.flatten`: a
    program gives its state in another than it takes it.
    """
    if isinstance(x, dict):
        return tuple((key, _structure(x[key])) for key in sorted(x))
    if isinstance(x, list | tuple):
        return tuple(map(_structure, x))
    return None


def _compiled(function, arguments):
    """The program as a function from a list of tensors."""
    import tensorflow as tf

    with _sharing():
        traced = tf.function(function, autograph=False)
        traced = traced.get_concrete_function(
            *tf.nest.map_structure(tf.convert_to_tensor, arguments)
        )
    # They also keep the functions that the program calls.
    results = traced.structured_outputs
    captured = traced.captured_inputs
    given = len(traced.inputs) - len(captured)
    weights = {
        tensor.op.name
        for tensor, value in zip(traced.inputs[given:], captured, strict=True)
        if value.dtype != tf.resource
    }
    graph = _optimized(traced, weights)
    _keep_order_of(weights, graph)
    names = [tensor.name for tensor in traced.inputs]
    outputs = [tensor.name for tensor in traced.outputs]

    @tf.function(autograph=False)
    def program(tensors):
        outside = map(tf.compat.v1.get_default_graph().capture, captured)
        return tf.graph_util.import_graph_def(
            graph,
            input_map=dict(zip(names, [*tensors, *outside], strict=True)),
            return_elements=outputs,
            name="",
        )

    def run(tensors):
        flat = iter(program(tensors))
        return tf.nest.map_structure(
            lambda x: None if x is None else next(flat), results
        )

    return run


def _optimized(traced, weights):
    """What TensorFlow would make of a program before it runs it.

    Args:
        traced: `tf.types.experimental.ConcreteFunction`.
        weights: set of names of nodes.

    Returns:
        `tf.compat.v1.GraphDef`.
    """
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    graph, placeholders = _take_from_variables(
        weights, traced.graph.as_graph_def()
    )
    names = {node.name for node in placeholders}
    meta = meta_graph_pb2.MetaGraphDef(graph_def=graph)
    # Only operations of which it knows the device are put together.
    for node in meta.graph_def.node:
        node.device = _DEVICE
    signature = meta.signature_def["program"]
    for tensors, infos in (
        (traced.inputs, signature.inputs),
        (traced.outputs, signature.outputs),
    ):
        for index, tensor in enumerate(tensors):
            if tensor.op.name in names:
                continue
            info = infos[str(index)]
            info.name = tensor.name
            info.dtype = tensor.dtype.as_datatype_enum
            info.tensor_shape.CopyFrom(tensor.shape.as_proto())
    fetches = meta.collection_def["train_op"].node_list.value
    fetches.extend(tensor.name for tensor in traced.outputs)
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    graph = tf_optimizer.OptimizeGraph(config, meta)
    return _with_placeholders(placeholders, graph)


def _take_from_variables(weights, graph):
    """Makes operations that read variables of the placeholders of weights.

    For every placeholder the optimisation would allocate a tensor of zeros.

    Args:
        weights: set of names of nodes.
        graph: `tf.compat.v1.GraphDef`.

    Returns:
        `(graph, placeholders)`: another graph, and a list of
        `tf.compat.v1.NodeDef`.
    """
    import tensorflow as tf

    placeholders, nodes = [], []
    for node in graph.node:
        # TensorFlow makes constants of the smallest.
        if node.name not in weights or node.op != "Placeholder":
            nodes.append(node)
            continue
        placeholders.append(node)
        handle = tf.compat.v1.NodeDef(name=_handle(node.name), op="VarHandleOp")
        handle.attr["dtype"].CopyFrom(node.attr["dtype"])
        handle.attr["shape"].CopyFrom(node.attr["shape"])
        read = tf.compat.v1.NodeDef(name=node.name, op="ReadVariableOp")
        read.input.append(handle.name)
        read.attr["dtype"].CopyFrom(node.attr["dtype"])
        nodes += [handle, read]
    program = tf.compat.v1.GraphDef(node=nodes, library=graph.library)
    program.versions.CopyFrom(graph.versions)
    return program, placeholders


def _with_placeholders(placeholders, graph):
    """Undoes `_take_from_variables`.

    Args:
        placeholders, graph: as it gives them; what became of the graph.

    Returns:
        `tf.compat.v1.GraphDef`.
    """
    import tensorflow as tf

    names = {node.name for node in placeholders}
    replaced = names | set(map(_handle, names))
    waits = {f"^{name}" for name in names}
    nodes = [node for node in graph.node if node.name not in replaced]
    for node in nodes:
        # Nothing waits for a weight, but optimisation says so, and importing
        # the graph would then want a value for the placeholder itself.
        inputs = [x for x in node.input if x not in waits]
        if len(inputs) < len(node.input):
            del node.input[:]
            node.input.extend(inputs)
    program = tf.compat.v1.GraphDef(
        node=[*nodes, *placeholders], library=graph.library
    )
    program.versions.CopyFrom(graph.versions)
    return program


def _handle(name):
    """The name of the variable that stands in for a weight."""
    return f"{name}/variable"


def _keep_order_of(weights, graph):
    """Makes convolutions with these weights order them but once.

    Args:
        weights: names of nodes.
        graph: `tf.compat.v1.GraphDef`; changed.
    """
    import tensorflow as tf

    float32, bfloat16 = (x.as_datatype_enum for x in (tf.float32, tf.bfloat16))
    # In branches float32 saves no time that is worth the memory.
    parts = [(graph.node, weights, {float32, bfloat16})]
    parts += [(*each, {bfloat16}) for each in _branches(weights, graph)]
    for nodes, known, kinds in parts:
        for node in nodes:
            # To ask for an attribute that there is not makes one.
            kind = node.op in _NATIVE and node.attr["T"].type
            if kind not in kinds:
                continue
            is_weight = node.input[1] in known
            # What is fused has no other kernel in bfloat16.
            if is_weight or (kind == bfloat16 and node.op == "_FusedConv2D"):
                node.op = _NATIVE[node.op]
                node.attr["is_filter_const"].b = is_weight
                node.attr["_kernel"].s = b"MklNameChangeOp"


def _branches(weights, graph):
    """What a graph's choices choose from, and weights there.

    Args:
        weights: names of nodes.
        graph: `tf.compat.v1.GraphDef`.

    Returns:
        list of `(nodes, names)` for each branch.
    """
    functions = {each.signature.name: each for each in graph.library.function}
    branches = []
    for node in graph.node:
        chosen = "branches" in node.attr and node.attr["branches"].list.func
        for branch in chosen or ():
            function = functions[branch.name]
            arguments = zip(
                function.signature.input_arg, node.input[1:], strict=False
            )
            names = {x.name for x, source in arguments if source in weights}
            branches.append((function.node_def, names))
    return branches


@contextlib.contextmanager
def _sharing():
    token = _shares.set(True)
    try:
        yield
    finally:
        _shares.reset(token)
