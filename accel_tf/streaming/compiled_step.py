"""A model's step, compiled by whichever backend is in use."""

import functools

import keras
from keras import ops

from accel_tf.ops import class_labels


def compile_step(model):
    """Compiles `frame -> labels` with the state passed along.

    Args:
        model: a `VideoSegmenter`.

    Returns:
        `step(frame, state, is_key) -> (labels, state)`: frame uint8 or
        float `[B, H, W, 3]`, `is_key` a Python bool, labels uint8
        `[B, H, W]`. One program for each shape and each `is_key`.
    """

    def label(frame, state, is_key):
        logits, state = model.step(frame, state, is_key=is_key)
        return class_labels(logits), state

    return {
        "tensorflow": _compile_tensorflow,
        "jax": _compile_jax,
        "torch": _compile_torch,
    }[keras.backend.backend()](model, label)


def _compile_tensorflow(model, label):
    import tensorflow as tf

    programs = {
        is_key: tf.function(functools.partial(label, is_key=is_key))
        for is_key in (True, False)
    }
    return lambda frame, state, is_key: programs[is_key](
        tf.convert_to_tensor(frame), state
    )


def _compile_jax(model, label):
    import jax

    # Weights are arguments of the program: as constants they would be baked
    # into it, and later changes of the model would go unnoticed.
    @functools.partial(jax.jit, static_argnames="is_key")
    def program(weights, frame, state, is_key):
        mapping = zip(model.variables, weights, strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            return label(frame, state, is_key)

    return lambda frame, state, is_key: program(
        [variable.value for variable in model.variables],
        frame,
        state,
        is_key=is_key,
    )


def _compile_torch(model, label):
    import torch

    def program(frame, state, is_key):
        with torch.no_grad():
            return label(ops.convert_to_tensor(frame), state, is_key)

    return program
