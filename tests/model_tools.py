"""Running, copying and looking into a `VideoSegmenter` in tests."""

import contextlib

import keras
import numpy as np
import pytest
from backend import to_numpy
from keras import ops
from reference import reference_frames


def scenes(batch=1, length=2, height=48, width=64, seed=0):
    """uint8 `[B, T, H, W, 3]`: another moving scene for each stream."""
    return np.stack(
        [
            reference_frames(height, width, length, seed + stream)
            for stream in range(batch)
        ]
    )


def run(model, clip, keys=None):
    """Steps through a clip `[B, T, H, W, 3]`.

    Returns:
        `(logits, state)`: a list of arrays, one for each frame, and the
        state after the last.
    """
    state = model.initial_state(clip.shape[0], *clip.shape[2:4])
    logits = []
    for index in range(clip.shape[1]):
        is_key = index == 0 if keys is None else keys[index]
        scores, state = model.step(clip[:, index], state, is_key=is_key)
        logits.append(to_numpy(scores))
    return logits, state


def assert_close(actual, expected, noise=1e-4):
    """Equal to `noise`, as a part of the largest expected value."""
    actual, expected = to_numpy(actual), to_numpy(expected)
    assert actual.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=noise * scale)


def assert_all_close(actual, expected, noise=1e-4):
    """The same for two lists of arrays."""
    for one, other in zip(actual, expected, strict=True):
        assert_close(one, other, noise)


def assert_labels(labels, logits, noise=1e-4):
    """`labels` are the greatest of `logits`, but for ties within noise."""
    assert labels.shape == logits.shape[:-1]
    chosen = np.take_along_axis(logits, labels[..., None].astype(int), -1)
    scale = max(1.0, float(np.abs(logits).max()))
    assert (chosen[..., 0] >= logits.max(-1) - noise * scale).all()
    assert np.mean(labels == logits.argmax(-1)) > 0.99


def copy_of(model):
    """A model of the same config and weights."""
    copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy


def sublayers(layer):
    """All layers inside `layer`, at any depth."""
    for inner in getattr(layer, "layers", ()):
        yield inner
        yield from sublayers(inner)


@contextlib.contextmanager
def zero_kernels():
    """Models that are built within have kernels of zero.

    To draw a hundred million random numbers takes longer than the rest, and
    counts and files do not need them.
    """
    with pytest.MonkeyPatch.context() as patch:
        for initializer in ("VarianceScaling", "RandomNormal"):
            patch.setattr(
                getattr(keras.initializers, initializer),
                "__call__",
                lambda self, shape, dtype=None: ops.zeros(shape, dtype),
            )
        yield


@contextlib.contextmanager
def policy_scope(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def compile_tensor_step(model):
    """`step(frame, state, is_key)`, compiled, for a *tensor* `is_key`.

    On TensorFlow one program serves uint8 frames of every size.
    """

    def step(frame, state, is_key):
        return model.step(frame, state, is_key=is_key)

    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(step)
    if keras.backend.backend() == "torch":
        import torch

        return torch.no_grad()(step)
    import tensorflow as tf

    one, two = (model.initial_state(*n) for n in ((1, 64, 64), (2, 96, 128)))
    state = {
        name: tf.TensorSpec(
            [
                a if a == b else None
                for a, b in zip(x.shape, two[name].shape, strict=True)
            ],
            x.dtype,
        )
        for name, x in one.items()
    }
    frame = tf.TensorSpec([None, None, None, 3], "uint8")
    is_key = tf.TensorSpec([], "bool")
    return tf.function(
        step, input_signature=[frame, state, is_key], autograph=False
    )


@contextlib.contextmanager
def record_calls(layers):
    """Gives a list to which each call of one of `layers` adds its name."""
    calls = []

    def recorded(layer, call):
        def record(*args, **kwargs):
            calls.append(layer.name)
            return call(*args, **kwargs)

        return record

    with pytest.MonkeyPatch.context() as patch:
        for layer in layers:
            patch.setattr(layer, "call", recorded(layer, layer.call))
        yield calls


def program_variables(model, frame, state, is_key):
    """Names of the layers whose variables the compiled step reads.

    `None` where nothing is compiled and the calls tell all (PyTorch).
    """

    def step(frame, state):
        return model.step(frame, state, is_key=is_key)

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        program = tf.function(step, autograph=False).get_concrete_function(
            tf.convert_to_tensor(frame), state
        )
        read = {id(tensor) for tensor in program.captured_inputs}
        used = [id(v.value.handle) in read for v in model.variables]
    elif keras.backend.backend() == "jax":
        import jax

        def program(weights):
            mapping = zip(model.variables, weights, strict=True)
            with keras.StatelessScope(state_mapping=mapping):
                return step(frame, state)

        values = [variable.value for variable in model.variables]
        jaxpr = jax.make_jaxpr(program)(values).jaxpr
        read = {id(x) for equation in jaxpr.eqns for x in equation.invars}
        used = [id(x) in read for x in jaxpr.invars]
    else:
        return None
    reads = {
        id(variable)
        for variable, flag in zip(model.variables, used, strict=True)
        if flag
    }
    return {
        layer.name
        for layer in model.layers
        if any(id(variable) in reads for variable in layer.variables)
    }
