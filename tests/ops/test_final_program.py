"""Programs whose weights are outside of them."""

import keras
import numpy as np
import pytest

from accel_tf.layers.inference_conv2d import InferenceConv2D
from accel_tf.layers.inference_conv2d_transpose import InferenceConv2DTranspose
from accel_tf.ops import final_program as module
from accel_tf.ops.final_program import final_program, shares_weights

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
