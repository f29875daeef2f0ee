"""Key frames whose result comes in over several frames.

What is on show is the score of a frame plus an offset. On a key frame the
offset is what was shown before, moved along the flow, minus what the key frame
gives; over the next frames it moves along and fades away, at once where the
flow is not to be trusted, so that what appears is seen at once.
"""

from keras import ops

from accel_tf.ops import warp
from accel_tf.ops.resample import resample

SHOWN, OFFSET, LEFT = "shown", "offset", "left"
"""Tensors that are added to a state: the scores that were shown, the full
offset `[B, h, w, classes]`, and the share of it that is left, 0..1,
`[B, 1, 1, 1]`, which is negative before the first frame; all float32."""


def check_blend(frames):
    """Raises `ValueError` unless it is a number of frames, or 0."""
    is_number = isinstance(frames, int) and not isinstance(frames, bool)
    if not is_number or frames < 0:
        raise ValueError(
            "blend must be a number of frames, such as 5, or 0 for none, not "
            f"{frames!r}."
        )


def with_blend(model, frames):
    """The same model with key frames that come in over some frames.

    Args:
        model: Deep Feature Flow, Accel or what `accel_tf.propagate` made; its
            weights are copied.
        frames: see `blend` of `DeepFeatureFlow`; 0 for none.

    Returns:
        A `VideoSegmenter` of the same kind.

    Raises:
        ValueError: if the model has no key frames that are carried along a
            flow, or `frames` is no number of frames.
    """
    if not (model.uses_key_frames and hasattr(model, "blend")):
        raise ValueError(
            f"{model.name} carries no key frames along an optical flow, so "
            "that none can be blended in."
        )
    copy = type(model).from_config({**model.get_config(), "blend": frames})
    copy.set_weights(model.get_weights())
    return copy


def nothing_shown(shape):
    """What is added to the state before the first frame.

    Args:
        shape: of the scores, `(B, h, w, classes)`.

    Returns:
        dict of name -> float32 tensor.
    """
    return {
        SHOWN: ops.zeros(shape, "float32"),
        OFFSET: ops.zeros(shape, "float32"),
        LEFT: -ops.ones((shape[0], 1, 1, 1), "float32"),
    }


def first_shown(scores):
    """The same after the first frame, where nothing was shown before.

    Args:
        scores: float32 `[B, h, w, classes]`.
    """
    # Made of what comes in: converters lose outputs that are constants.
    none = 0.0 * scores
    return {SHOWN: scores, OFFSET: none, LEFT: none[:, :1, :1, :1]}


def next_shown(scores, before, flow, trust, is_key, frames):
    """The same after any other frame.

    Args:
        scores: float32 `[B, h, w, classes]`, which the frame alone gives.
        before: state before the frame; before the first one the scores may
            be larger by a row.
        flow: float32 `[B, h, w, 2]`, (dx, dy) in pixels of the scores, to
            the frame before.
        trust: float32 `[B, h, w, 1]`, 0..1, in that flow.
        is_key: Python bool.
        frames: over which a key frame comes in, 1 or more; its own result is
            all there is on the last of them.
    """
    name = SHOWN if is_key else OFFSET
    moved = resample(before[name], 1, 1, ops.shape(scores)[1:3])
    moved = warp(moved, flow, border="clamp")
    if is_key:
        known = ops.cast(before[LEFT] >= 0, "float32")
        offset = trust * known * (moved - scores)
        left = 0.0 * known + (1 - 1 / frames)
    else:
        offset = trust * moved
        left = ops.maximum(before[LEFT] - 1 / frames, 0.0)
    return {SHOWN: scores + left * offset, OFFSET: offset, LEFT: left}


def with_offset(scores, state):
    """Scores as they are shown.

    Args:
        scores: `[B, h, w, classes]`, which the frame alone gives; there may
            be a row or column more than in the state.
        state: after the frame.

    Returns:
        float32 `[B, h, w, classes]`.
    """
    offset = state[LEFT] * state[OFFSET]
    offset = resample(offset, 1, 1, ops.shape(scores)[1:3])
    return ops.cast(scores, "float32") + offset
