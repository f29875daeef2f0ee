"""A model's step, compiled by whichever backend is in use."""

import functools

import keras
from keras import ops

from accel_tf.give_back_memory import trim_memory
from accel_tf.models.fuse import FusedSegmenter
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.ops import class_labels, resize_bilinear
from accel_tf.ops.final_program import final_program
from accel_tf.ops.kernels import compiles_with_xla, kernels_for, program_kind
from accel_tf.ops.labels import labels_class_by_class
from accel_tf.streaming.own_step import own_step


def compile_step(model, keep_scores=False, signals=()):
    """Compiles `frame -> labels` with the state passed along.

    Labels of another size than the frame's are those of the scores enlarged
    to it, so that their edges have no stairs.

    On TensorFlow a model from `fuse_for_inference` has a program for each
    size of frames. Any other has programs for all sizes, as an export has,
    and gives the labels of its export to the last pixel. The programs stay
    with the model, for every stream of it; they read its weights as they are
    when they run.

    Args:
        model: a `VideoSegmenter`. One with a method `compile_step` compiles
            itself, to labels of the frame's size and without scores.
        keep_scores: whether the scores are wanted, too.
        signals: names of the model's `signals` that are wanted.

    Returns:
        `step(frame, state, is_key, size=None) -> (labels, scores, state,
        signals)`: frame uint8 or float `[B, H, W, 3]`; `is_key` a Python
        bool; `size` the `(height, width)` of the labels, `None` for the
        frame's; labels uint8 `[B, height, width]`; scores float32
        `[B, h, w, classes]` at the native stride, or `None`; signals a dict
        of name -> float32 `[B]`.

    Raises:
        ValueError: if scores are wanted of a model that gives labels alone.
    """
    if hasattr(model, "compile_step"):
        return own_step(model, keep_scores)
    if keep_scores and _has_own_step(model):
        raise ValueError(
            f"{model.name} has a step of its own, which gives no scores at "
            "the native stride."
        )
    if "_steps" not in vars(model):
        # Not as Keras sets an attribute: it would belong to what is saved.
        object.__setattr__(model, "_steps", _Steps())
    step = model._steps.of(model, keep_scores, tuple(signals))

    def step_at(frame, state, is_key, size=None):
        if size is not None and tuple(size) == tuple(frame.shape[1:3]):
            size = None
        return step(frame, state, is_key, size)

    return step_at


class _Steps:
    """The compiled steps of one model."""

    def __init__(self):
        self._by_kind = {}

    def of(self, model, *wanted):
        if wanted not in self._by_kind:
            compile_for = {
                "tensorflow": _compile_tensorflow,
                "jax": _compile_jax,
                "torch": _compile_torch,
            }[keras.backend.backend()]
            self._by_kind[wanted] = compile_for(model, *wanted)
        return self._by_kind[wanted]


def _label(model, frame, state, is_key, size, keep_scores, signals):
    """`(labels, scores, state, signals)`."""
    plain = not keep_scores and not signals
    if plain and (size is None or _has_own_step(model)):
        logits, state = model.step(frame, state, is_key=is_key)
        if size is not None:
            logits = resize_bilinear(logits, size)
        return class_labels(logits), None, state, {}
    scores, bias, state, told = _segment(model, frame, state, is_key, signals)
    labels = _labels_at(model, scores, bias, frame, size)
    kept = model.logits(scores, bias) if keep_scores else None
    return labels, kept, state, told


def _segment(model, frame, state, is_key, signals):
    """`(scores, bias, state, signals)`."""
    model.check_frame(frame)
    is_key = is_key or not model.uses_key_frames
    if not signals:
        return *model.segment(frame, state, is_key), {}
    return model.segment_with_signals(frame, state, is_key, signals)


def _has_own_step(model):
    return type(model).step is not VideoSegmenter.step


def _labels_at(model, scores, bias, frame, size):
    frame_size = ops.shape(frame)[1:3]
    if size is None:
        return labels_of_scores(model, scores, bias, frame_size)
    return labels_of_scores(model, scores, bias, size, frame_size)


def labels_of_scores(model, scores, bias, *sizes):
    """Labels of `model.logits(scores, bias, *sizes)`.

    A program of XLA stores no scores but those at the native stride.
    """
    if program_kind() != "xla":
        return class_labels(model.logits(scores, bias, *sizes))
    import tensorflow as tf

    @tf.function(autograph=False)
    def logits_of(scores, bias):
        return ops.squeeze(model.logits(scores, bias, *sizes), -1)

    def logits_of_class(index):
        one = slice(index, index + 1)
        return logits_of(scores[..., one], None if bias is None else bias[one])

    return labels_class_by_class(logits_of_class, scores.shape[-1])


def _compile_tensorflow(model, keep_scores, signals):
    import tensorflow as tf

    is_fused = isinstance(model, FusedSegmenter)
    label = _label_by_xla if is_fused and compiles_with_xla() else _label
    programs = {}

    def trace(frame, state, is_key, size):
        with kernels_for("tensorflow"):
            return label(
                model, frame, state, is_key, size, keep_scores, signals
            )

    def step(frame, state, is_key, size):
        inputs = tf.convert_to_tensor(frame), state
        signature = None
        if not is_fused:
            signature = tf.nest.map_structure(_of_any_size, inputs)
        key = is_key, size, *tf.nest.flatten(signature)
        if key in programs:
            return programs[key](*inputs)
        traced = functools.partial(trace, is_key=is_key, size=size)
        programs[key] = (
            final_program(traced)
            if is_fused
            else tf.function(traced, signature, autograph=False)
        )
        outputs = programs[key](*inputs)
        trim_memory()
        return outputs

    return step


def _of_any_size(tensor):
    """The `tf.TensorSpec` of such tensors, with height and width open."""
    import tensorflow as tf

    batch, *sizes = tensor.shape
    shape = [batch, *[None for _ in sizes[:-1]], *sizes[-1:]]
    return tf.TensorSpec(shape, tensor.dtype)


def _label_by_xla(model, frame, state, is_key, size, keep_scores, signals):
    """`_label`, of which XLA compiles what comes after the networks.

    There no more than the scores at the native stride is read, and no more
    than the labels written. XLA's convolutions are slower than TensorFlow's.
    """
    import tensorflow as tf

    scores, bias, state, told = _segment(model, frame, state, is_key, signals)

    def label(scores, bias):
        with kernels_for("xla"):
            return _labels_at(model, scores, bias, frame, size)

    program = tf.function(label, jit_compile=True, autograph=False)
    labels = program(scores, bias)
    kept = model.logits(scores, bias) if keep_scores else None
    return labels, kept, state, told


def _compile_jax(model, keep_scores, signals):
    import jax

    # Weights are arguments of the program: as constants they would be baked
    # into it, and later changes of the model would go unnoticed.
    @functools.partial(jax.jit, static_argnames=("is_key", "size"))
    def program(weights, frame, state, is_key, size):
        mapping = zip(model.variables, weights, strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            return _label(
                model, frame, state, is_key, size, keep_scores, signals
            )

    return lambda frame, state, is_key, size: program(
        [variable.value for variable in model.variables],
        frame,
        state,
        is_key=is_key,
        size=size,
    )


def _compile_torch(model, keep_scores, signals):
    import torch

    def program(frame, state, is_key, size):
        with torch.no_grad():
            frame = ops.convert_to_tensor(frame)
            return _label(
                model, frame, state, is_key, size, keep_scores, signals
            )

    return program
