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


def _structure(arguments):
    """Of nested tuples and dicts of tensors, without the tensors."""
    import tensorflow as tf

    return str(tf.nest.map_structure(lambda _: 0, arguments))


def _compiled(function, arguments):
    """The program as a function from a list of tensors."""
    import tensorflow as tf

    with _sharing():
        traced = tf.function(function, autograph=False)
        traced = traced.get_concrete_function(
            *tf.nest.map_structure(tf.convert_to_tensor, arguments)
        )
    results = traced.structured_outputs
    graph = _optimized(traced)
    captured = traced.captured_inputs
    given = len(traced.inputs) - len(captured)
    weights = {
        tensor.op.name
        for tensor, value in zip(traced.inputs[given:], captured, strict=True)
        if value.dtype != tf.resource
    }
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


def _optimized(traced):
    """What TensorFlow would make of a program before it runs it."""
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    meta = meta_graph_pb2.MetaGraphDef()
    meta.graph_def.CopyFrom(traced.graph.as_graph_def())
    # Only operations of which it knows the device are put together.
    for node in meta.graph_def.node:
        node.device = _DEVICE
    signature = meta.signature_def["program"]
    for tensors, infos in (
        (traced.inputs, signature.inputs),
        (traced.outputs, signature.outputs),
    ):
        for index, tensor in enumerate(tensors):
            info = infos[str(index)]
            info.name = tensor.name
            info.dtype = tensor.dtype.as_datatype_enum
            info.tensor_shape.CopyFrom(tensor.shape.as_proto())
    fetches = meta.collection_def["train_op"].node_list.value
    fetches.extend(tensor.name for tensor in traced.outputs)
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.min_graph_nodes = -1
    return tf_optimizer.OptimizeGraph(config, meta)


def _keep_order_of(weights, graph):
    """Makes convolutions with these weights order them but once.

    Args:
        weights: names of nodes.
        graph: `tf.compat.v1.GraphDef`; changed.
    """
    import tensorflow as tf

    types = {tf.float32.as_datatype_enum, tf.bfloat16.as_datatype_enum}
    for node in graph.node:
        if (
            node.op in _NATIVE
            and node.attr["T"].type in types
            and node.input[1] in weights
        ):
            node.op = _NATIVE[node.op]
            node.attr["is_filter_const"].b = True
            node.attr["_kernel"].s = b"MklNameChangeOp"


@contextlib.contextmanager
def _sharing():
    token = _shares.set(True)
    try:
        yield
    finally:
        _shares.reset(token)
