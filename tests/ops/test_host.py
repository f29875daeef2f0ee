"""Calls of NumPy functions from within programs."""

import keras
import numpy as np
import pytest
from keras import ops

from accel_tf.ops.host import call_on_host


def _twice(x):
    return call_on_host(lambda values: 2 * values, [x], ops.shape(x))


def test_gives_what_the_function_gives():
    x = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(ops.convert_to_numpy(_twice(x)), 2 * x)


def test_brings_the_result_to_the_dtype():
    result = call_on_host(
        lambda x: (x > 1).astype("int64"), [np.arange(3.0)], (3,), "uint8"
    )
    assert keras.backend.standardize_dtype(result.dtype) == "uint8"
    assert ops.convert_to_numpy(result).tolist() == [0, 0, 1]


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.function"
)
def test_runs_within_a_program_of_open_sizes():
    import tensorflow as tf

    program = tf.function(
        _twice, input_signature=[tf.TensorSpec([None, 3], "float32")]
    )
    assert program.get_concrete_function().output_shapes.as_list() == [None, 3]
    for count in (1, 4):
        x = np.ones((count, 3), "float32")
        np.testing.assert_array_equal(program(x), 2 * x)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="jax.jit")
def test_runs_within_a_compiled_program():
    import jax

    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(jax.jit(_twice)(x), 2 * x)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.GradientTape"
)
def test_ends_gradients():
    import tensorflow as tf

    x = tf.ones((2, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = _twice(x)
    assert tape.gradient(y, x) is None
