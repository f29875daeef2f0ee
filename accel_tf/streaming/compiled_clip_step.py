"""A classifier's step, compiled by whichever backend is in use."""

import functools

import keras
from keras import ops

from accel_tf.models.fuse import FusedForm
from accel_tf.ops.final_program import final_program
from accel_tf.ops.kernels import kernels_for


def compile_clip_step(step):
    """Compiles `frame, state -> probabilities, state`.

    There is a program for each kind of step and each shape of frames. They
    read the weights of the model as they are when they run.

    Args:
        step: an `accel_tf.streaming.clip_steps.ClipStep`.

    Returns:
        A function like it, for uint8 or float frames `[B, H, W, 3]`.
    """
    compile_for = {
        "tensorflow": _compile_tensorflow,
        "jax": _compile_jax,
        "torch": _compile_torch,
    }[keras.backend.backend()]
    return compile_for(step)


def _compile_tensorflow(step):
    import tensorflow as tf

    @functools.cache
    def program(kind):
        def trace(frame, state):
            with kernels_for("tensorflow"):
                return step(frame, state, kind)

        if isinstance(step.model, FusedForm):
            return final_program(trace)
        return tf.function(trace, autograph=False)

    return lambda frame, state, kind: program(kind)(
        tf.convert_to_tensor(frame), state
    )


def _compile_jax(step):
    import jax

    variables = step.model.variables

    # Weights are arguments, as in `compiled_step`.
    @functools.partial(jax.jit, static_argnames="kind")
    def program(weights, frame, state, kind):
        mapping = zip(variables, weights, strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            return step(frame, state, kind)

    return lambda frame, state, kind: program(
        [variable.value for variable in variables], frame, state, kind=kind
    )


def _compile_torch(step):
    import torch

    def program(frame, state, kind):
        with torch.no_grad():
            return step(ops.convert_to_tensor(frame), state, kind)

    return program
