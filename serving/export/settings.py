"""What can be chosen for an export, apart from the model."""

import operator

from accel_tf.serving.export.versions import (
    check_directory,
    check_new_version,
)
from accel_tf.streaming import AdaptiveKeyframes, FixedInterval

MEMORY_LIMIT = 2 * 1024**3
MAX_PIXELS = 2048 * 4096
WARM_UP_SIZE = (512, 1024)


def check_settings(
    directory,
    interval,
    version=None,
    memory_limit=MEMORY_LIMIT,
    warm_up_size=WARM_UP_SIZE,
    max_pixels=MAX_PIXELS,
    key_share=None,
):
    """Looks at what does not depend on the model, before that is made.

    Args:
        directory, interval, version, memory_limit, warm_up_size, max_pixels,
        key_share: as for `export_saved_model`.

    Returns:
        dict of those settings that the programs depend on.

    Raises:
        ValueError: if one is not as described there.
        OSError: if the folder cannot be written.
    """
    settings = {
        "interval": FixedInterval(interval).interval,
        "memory_limit": _positive("memory_limit", memory_limit),
        "max_pixels": _positive("max_pixels", max_pixels),
    }
    if key_share is not None:
        settings["key_share"] = AdaptiveKeyframes(key_share).target_share
    check_directory(directory)
    if version is not None:
        check_new_version(directory, _positive("version", version))
    if warm_up_size is not None:
        _check_size(warm_up_size, max_pixels)
    return settings


def _positive(name, value):
    """`value`, if it is a whole number that TensorFlow's int64 holds."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if not 0 < number < 2**63:
        raise ValueError(
            f"{name} must be a whole number, 1 or more, got {value!r}."
        )
    return number


def _check_size(size, max_pixels):
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise ValueError(
            f"warm_up_size must be (height, width) or None, got {size!r}."
        )
    height, width = (_positive("warm_up_size", side) for side in size)
    if height * width > max_pixels:
        raise ValueError(
            f"warm_up_size {height}x{width} has more than max_pixels, "
            f"{max_pixels}."
        )
