"""Programs whose weights are outside of them."""

import keras
import numpy as np
import pytest

from accel_tf.layers.inference_conv2d import InferenceConv2D
from accel_tf.layers.inference_conv2d_transpose import InferenceConv2DTranspose
from accel_tf.ops import final_program as module
from accel_tf.ops.final_program import final_program, shares_weights
from accel_tf.processor import is_x86_without_avx512

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="of TensorFlow alone"
)


def image(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


@pytest.fixture(scope="module")
def network():
    """Convolutions with all that TensorFlow makes a part of them."""
    options = dict(padding="same", bias_initializer="random_normal")
    x = inputs = keras.Input((None, None, 16))
    x = InferenceConv2D(16, 1, **options)(x)
    x = keras.layers.LeakyReLU(0.1)(x)
    y = InferenceConv2D(16, 3, **options)(x)
    x = keras.layers.ReLU()(y + x)
    x = InferenceConv2D(16, 3, dilation_rate=2, padding="same")(x)
    x = keras.layers.ReLU()(InferenceConv2D(16, 3, 2, **options)(x))
    x = InferenceConv2DTranspose(8, 4, 2, padding="same")(x)
    return keras.Model(inputs, x)


@pytest.fixture(params=[False, True], ids=["plain", "onednn"])
def runs_onednn(request, monkeypatch):
    """TensorFlow has oneDNN's convolutions even where it prefers others."""
    monkeypatch.setattr(module, "runs_onednn", lambda: request.param)
    return request.param


@pytest.fixture
def graphs(monkeypatch):
    """The optimised graphs, as they are made."""
    import tensorflow as tf

    made = []

    def importing(graph, **options):
        made.append(graph)
        return original(graph, **options)

    original = tf.graph_util.import_graph_def
    monkeypatch.setattr(tf.graph_util, "import_graph_def", importing)
    return made


def test_results_are_the_same(runs_onednn, network, graphs):
    import tensorflow as tf

    def step(frame, state):
        x = network(frame)
        return x, None, {"sum": state["sum"] + x, "count": state["count"]}

    x = image(1, 10, 12, 16)
    state = {"sum": tf.ones((1, 10, 12, 8)), "count": tf.constant([3])}
    expected = network(x).numpy()
    program = final_program(step)
    for _ in range(2):
        outputs, nothing, after = program(x, state)
        assert nothing is None
        np.testing.assert_allclose(outputs, expected, atol=1e-5)
        np.testing.assert_allclose(after["sum"], 1 + expected, atol=1e-5)
        assert after["count"].numpy().tolist() == [3]
    # Another size is another program.
    wider = image(1, 10, 14, 16)
    outputs, _, _ = program(wider, {**state, "sum": 0.0})
    np.testing.assert_allclose(outputs, network(wider), atol=1e-5)
    assert len(graphs) == (2 if runs_onednn else 0)


def test_order_of_a_dict_makes_no_new_program(graphs, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(module, "runs_onednn", lambda: True)
    program = final_program(lambda state: {"b": state["b"], "a": state["a"]})
    state = program({"b": tf.ones(2), "a": tf.zeros(2)})
    state = program({"a": state["a"], "b": state["b"]})
    assert state["a"].numpy().tolist() == [0, 0]
    assert state["b"].numpy().tolist() == [1, 1]
    assert len(graphs) == 1
    # The same tensors, but for another dict.
    program({"a": state["a"], "b": state["b"], "c": state["b"]})
    assert len(graphs) == 2


def test_weights_of_branches_are_outside(graphs, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(module, "runs_onednn", lambda: True)
    # Of the smallest TensorFlow makes constants.
    kernels = [tf.constant(image(3, 3, 4, n)) for n in (1, 4, 4)]

    def step(x, index):
        def branch(kernel):
            y = tf.nn.conv2d(x, kernel, 1, "SAME")
            return tf.reshape(y, [4, -1])

        return tf.switch_case(
            index[0],
            [lambda kernel=kernel: branch(kernel) for kernel in kernels],
        )

    program, x = final_program(step), image(1, 8, 8, 4)
    for index, kernel in enumerate(kernels):
        expected = tf.reshape(tf.nn.conv2d(x, kernel, 1, "SAME"), [4, -1])
        result = program(x, [index])
        np.testing.assert_allclose(result, expected, atol=1e-4)
    assert len(graphs) == 1


@pytest.mark.skipif(is_x86_without_avx512(), reason="oneDNN has none there")
def test_branches_convolve_in_bfloat16(graphs, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(module, "runs_onednn", lambda: True)
    kernels = [tf.cast(image(3, 3, 4, n), tf.bfloat16) for n in (8, 8, 1)]

    def step(x, index):
        def branch(kernel):
            y = tf.nn.conv2d(tf.cast(x, kernel.dtype), kernel, 1, "SAME")
            y = tf.nn.relu(tf.nn.bias_add(y, kernel[0, 0, 0]))
            return tf.reshape(tf.cast(y, tf.float32), [8, -1])

        return tf.switch_case(
            index[0],
            [lambda kernel=kernel: branch(kernel) for kernel in kernels],
        )

    program, x = final_program(step), image(1, 8, 8, 4)
    for index in range(3):
        expected = step(x, tf.constant([index])).numpy()
        result = program(x, [index]).numpy()
        assert result.shape == expected.shape
        np.testing.assert_allclose(
            result, expected, atol=0.02 * np.abs(expected).max()
        )


def test_smallest_weights_are_left_as_they_are(graphs, monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(module, "runs_onednn", lambda: True)
    kernel = tf.constant(image(2, 2, 2, 2))

    def step(x):
        return 2.0 * tf.nn.conv2d(x, kernel, 1, "SAME")

    x = image(1, 8, 8, 2)
    result = final_program(step)(x)
    np.testing.assert_allclose(result, step(x), atol=1e-5)
    assert len(graphs) == 1


def test_nothing_waits_for_a_weight():
    import tensorflow as tf

    def node(name, kind, *inputs):
        return tf.compat.v1.NodeDef(name=name, op=kind, input=inputs)

    weight = node("w", "Placeholder")
    weight.attr["dtype"].type = tf.float32.as_datatype_enum
    weight.attr["shape"].shape.CopyFrom(tf.TensorShape([2]).as_proto())
    graph = tf.compat.v1.GraphDef(
        node=[weight, node("y", "Relu", "w"), node("z", "Exp", "y", "^w")]
    )
    read, placeholders = module._take_from_variables({"w"}, graph)
    assert [x.op for x in read.node if x.name == "w"] == ["ReadVariableOp"]
    graph = module._with_placeholders(placeholders, read)
    inputs = {x.name: (x.op, *x.input) for x in graph.node}
    assert inputs == {
        "w": ("Placeholder",),
        "y": ("Relu", "w"),
        "z": ("Exp", "y"),
    }


def test_optimising_takes_no_memory_of_weights(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(module, "runs_onednn", lambda: True)
    weight = tf.zeros((2048, 2048))
    peaks = []

    def optimized(*arguments):
        tf.config.experimental.reset_memory_stats("CPU:0")
        before = tf.config.experimental.get_memory_info("CPU:0")["current"]
        graph = original(*arguments)
        after = tf.config.experimental.get_memory_info("CPU:0")["peak"]
        peaks.append(after - before)
        return graph

    original = module._optimized
    monkeypatch.setattr(module, "_optimized", optimized)
    x = image(1, 2048)
    result = final_program(lambda x: x @ weight)(x)
    assert not result.numpy().any()
    assert peaks[0] < 4 * 2048 * 2048 / 4


def test_onednn_keeps_the_order_of_weights(network, graphs, monkeypatch):
    monkeypatch.setattr(module, "runs_onednn", lambda: True)
    final_program(network)(image(1, 10, 12, 16))
    (graph,) = graphs
    kernels = [node for node in graph.node if "Conv2D" in node.op]
    assert len(kernels) == 5
    assert all(node.attr["is_filter_const"].b for node in kernels)
    # Bias and activation have become parts of most.
    assert sum(node.op == "_MklNativeFusedConv2D" for node in kernels) >= 3


def test_what_is_not_a_weight_is_ordered_at_every_call(monkeypatch):
    import tensorflow as tf

    monkeypatch.setattr(module, "runs_onednn", lambda: True)
    variable = tf.Variable(image(3, 3, 4, 4))

    def step(x, kernel):
        return [tf.nn.conv2d(x, each, 1, "SAME") for each in (kernel, variable)]

    program, x = final_program(step), image(1, 8, 8, 4)
    for factor in (1.0, 2.0):
        kernel = image(3, 3, 4, 4) * factor
        variable.assign(kernel)
        for result in program(x, kernel):
            np.testing.assert_allclose(
                result, tf.nn.conv2d(x, kernel, 1, "SAME"), atol=1e-4
            )


def test_weights_are_outside(runs_onednn, network):
    import tensorflow as tf

    if runs_onednn:
        # A program of anybody else, in which oneDNN needs constants.
        assert not shares_weights()
        return
    kernels = 4 * sum(np.prod(x.shape) for x in network.weights)
    traced = tf.function(lambda x: network(x)).get_concrete_function(
        tf.TensorSpec([1, 48, 64, 16])
    )
    constants = sum(
        len(node.attr["value"].tensor.tensor_content)
        for node in traced.graph.as_graph_def().node
    )
    assert constants < kernels / 20


def test_run_eagerly_it_is_the_function(untraced, network):
    x = image(1, 10, 12, 16)
    np.testing.assert_array_equal(final_program(network)(x), network(x))
