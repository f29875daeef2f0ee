"""At which size a model sees the frames of a video."""

import operator


def checked_size(size, name="trained_size"):
    """`(height, width)` as a tuple of whole numbers.

    Raises:
        ValueError: if it is none.
    """
    try:
        height, width = map(operator.index, size)
        is_size = height >= 1 and width >= 1
    except (TypeError, ValueError):
        is_size = False
    if not is_size:
        raise ValueError(
            f"{name} must be (height, width) in pixels, 1 or more, not "
            f"{size!r}."
        )
    return height, width


def check_least(size, model):
    """Raises a ValueError if a frame is too small for a model.

    Args:
        size: `(height, width)` of the frame.
        model: what `VideoStream` takes.
    """
    least = getattr(model, "least_side", 1)
    if min(size) < least:
        raise ValueError(
            f"{model.name} takes frames of {least}x{least} pixels or more, "
            f"not of {size[0]}x{size[1]}; enlarge them."
        )


def size_at_trained_scale(size, trained_size):
    """The size to which frames are brought for a model.

    Things have the size in pixels that the model learned them at if the
    shorter side of a frame is that of the frames it was trained on. Smaller
    frames stay as they are: enlarging adds nothing that could be seen, and
    costs time.

    Args:
        size: `(height, width)` of the frames.
        trained_size: of a `VideoSegmenter`; `None` if unknown.

    Returns:
        `(height, width)`, of the same aspect to half a pixel; `size` itself
        where frames stay as they are.
    """
    size = tuple(size)
    if trained_size is None:
        return size
    return fitted_size(size, min(trained_size) / min(size))


def size_within(size, limit):
    """The greatest size of the same aspect that fits into another.

    Args:
        size: `(height, width)` of the frames.
        limit: `(height, width)`; it may be greater than `size`.
    """
    scale = min(new / old for new, old in zip(limit, size, strict=True))
    return tuple(max(1, round(side * scale)) for side in size)


def fitted_size(size, scale):
    """`size` times a scale, and no greater than it was."""
    if scale >= 1:
        return tuple(size)
    return tuple(max(1, round(side * scale)) for side in size)
