"""How far apart the frames of a clip are in its video.

What a classifier tells of it, and what is taken where it does not tell. Plain
Python, as the command line reads it before a model is there.
"""

import math

USUAL_RATE = 30.0
"""Frames per second of videos for which a step is stated, as of Kinetics."""

USUAL_STEP = 5.0
"""Where a model does not tell its own: that of models for Kinetics."""

UNKNOWN = "unknown"
"""The step of a model that does not tell it."""

AS_TRAINED = "as trained"
"""Instead of a step: that of the model."""

# Classes of Kinetics-400, and of both Something-Something, whose clips are
# spread over the whole video.
_PUBLISHED = {400: USUAL_STEP, 174: None}


def published_step(num_classes):
    """The step of published weights, told by their classes.

    Args:
        num_classes: of the weights.

    Returns:
        As `frame_step` of `ClipClassifier`.
    """
    return _PUBLISHED.get(num_classes, UNKNOWN)


def check_frame_step(step):
    """Raises `ValueError` if it is no `frame_step` of a `ClipClassifier`."""
    is_number = isinstance(step, int | float) and not isinstance(step, bool)
    if step in (None, UNKNOWN) or (is_number and 0 < step < math.inf):
        return
    raise ValueError(
        "frame_step must be a number above 0, None for clips that are spread "
        f"over the whole video, or {UNKNOWN!r}, not {step!r}."
    )


def step_of(model):
    """The step that a model's clips get.

    Args:
        model: with an attribute `frame_step`, as a `ClipClassifier`.

    Returns:
        float, or `None` for clips that are spread over the whole video.
    """
    return USUAL_STEP if model.frame_step == UNKNOWN else model.frame_step


def live_step(model, step=AS_TRAINED):
    """Frames of a live video from one that counts to the next.

    Args:
        model: as of `step_of`, with a `name`.
        step: that is asked for; by default the model's, at least 1, and 1 of
            a model that does not tell it.

    Raises:
        ValueError: if it is no number of 1 or more; or it is the model's,
            whose clips are spread over whole videos.
    """
    if step == AS_TRAINED:
        if model.frame_step is None:
            raise ValueError(
                f"{model.name} takes clips that are spread over whole videos, "
                "which a live one is never; say with step how many frames lie "
                "between those that count."
            )
        return 1 if model.frame_step == UNKNOWN else max(1, model.frame_step)
    if not isinstance(step, int | float) or not 1 <= step < math.inf:
        raise ValueError(f"step must be a number, 1 or more, not {step!r}.")
    return step


def told_sampling(frames, step):
    """`16x5`, or `16` where the clip is spread over the whole video."""
    return f"{frames}" if step is None else f"{frames}x{step:g}"


def note_of_unknown_step(model, step=AS_TRAINED, frames=None):
    """A line, if the step is left to a model that does not tell it.

    Args:
        model: with the attributes `name`, `frames` and `frame_step`.
        step: that is asked for.
        frames: that are asked for; `None` for the model's.

    Returns:
        str, or `None` if there is nothing to say.
    """
    if step != AS_TRAINED or model.frame_step != UNKNOWN:
        return None
    frames = frames or model.frames
    return (
        f"{model.name} does not tell how far apart the frames of its clips "
        f"are; {told_sampling(frames, USUAL_STEP)} is taken. If it was trained "
        f"otherwise, say so: --frames {frames}xSTEP, or step= in a program."
    )
