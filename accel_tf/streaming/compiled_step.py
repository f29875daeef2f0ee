"""A model's step, compiled by whichever backend is in use."""

import functools

import keras
from keras import ops

from accel_tf.models.fuse import FusedSegmenter
from accel_tf.ops import class_labels
from accel_tf.ops.kernels import compiles_with_xla, kernels_for


def compile_step(model):
    """Compiles `frame -> labels` with the state passed along.

    On TensorFlow a model from `fuse_for_inference` has a program for each
    size of frames. Any other has programs for all sizes, as an export has,
    and gives the labels of its export to the last pixel.

    Args:
        model: a `VideoSegmenter`. One with a method `compile_step` compiles
            itself.

    Returns:
        `step(frame, state, is_key) -> (labels, state)`: frame uint8 or
        float `[B, H, W, 3]`, `is_key` a Python bool, labels uint8
        `[B, H, W]`.
    """
    if hasattr(model, "compile_step"):
        return model.compile_step()
    return {
        "tensorflow": _compile_tensorflow,
        "jax": _compile_jax,
        "torch": _compile_torch,
    }[keras.backend.backend()](model)


def _label(model, frame, state, is_key):
    logits, state = model.step(frame, state, is_key=is_key)
    return class_labels(logits), state


def _compile_tensorflow(model):
    import tensorflow as tf

    is_fused = isinstance(model, FusedSegmenter)
    label = _label_by_xla if is_fused and compiles_with_xla() else _label
    programs = {}

    def trace(frame, state, is_key):
        with kernels_for("tensorflow"):
            return label(model, frame, state, is_key)

    def step(frame, state, is_key):
        inputs = tf.convert_to_tensor(frame), state
        signature = None
        if not is_fused:
            signature = tf.nest.map_structure(_of_any_size, inputs)
        key = is_key, *tf.nest.flatten(signature)
        if key not in programs:
            programs[key] = tf.function(
                functools.partial(trace, is_key=is_key),
                input_signature=signature,
                autograph=False,
            )
        return programs[key](*inputs)

    return step


def _of_any_size(tensor):
    """The `tf.TensorSpec` of such tensors, with height and width open."""
    import tensorflow as tf

    batch, *sizes = tensor.shape
    shape = [batch, *[None for _ in sizes[:-1]], *sizes[-1:]]
    return tf.TensorSpec(shape, tensor.dtype)


def _label_by_xla(model, frame, state, is_key):
    """`_label`, of which XLA compiles what comes after the networks.

    There no more than the scores at the native stride is read, and no more
    than the labels written. XLA's convolutions are slower than TensorFlow's.
    """
    import tensorflow as tf

    model.check_frame(frame)
    is_key = is_key or not model.uses_key_frames
    scores, bias, state = model.segment(frame, state, is_key)

    def label(scores, bias):
        with kernels_for("xla"):
            logits = model.logits(scores, bias, ops.shape(frame)[1:3])
            return class_labels(logits)

    program = tf.function(label, jit_compile=True, autograph=False)
    return program(scores, bias), state


def _compile_jax(model):
    import jax

    # Weights are arguments of the program: as constants they would be baked
    # into it, and later changes of the model would go unnoticed.
    @functools.partial(jax.jit, static_argnames="is_key")
    def program(weights, frame, state, is_key):
        mapping = zip(model.variables, weights, strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            return _label(model, frame, state, is_key)

    return lambda frame, state, is_key: program(
        [variable.value for variable in model.variables],
        frame,
        state,
        is_key=is_key,
    )


def _compile_torch(model):
    import torch

    def program(frame, state, is_key):
        with torch.no_grad():
            frame = ops.convert_to_tensor(frame)
            return _label(model, frame, state, is_key)

    return program
