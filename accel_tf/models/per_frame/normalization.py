"""From raw frames to what a network was trained on."""

import dataclasses

import numpy as np
from keras import ops


@dataclasses.dataclass(frozen=True)
class Normalization:
    """`(frame - mean) * scale`, and the order of the channels.

    Attributes:
        mean: number, or tuple of three in the network's order of channels;
            of frames of 0 to 255.
        scale: the same.
        channel_order: `"rgb"`, or `"bgr"` for networks that see blue first.

    Raises:
        ValueError: if an entry is none of these.
    """

    mean: float | tuple = 0.0
    scale: float | tuple = 1.0
    channel_order: str = "rgb"

    def __post_init__(self):
        # Frozen dataclasses are filled through object.__setattr__.
        for name in ("mean", "scale"):
            value = _numbers(name, getattr(self, name))
            object.__setattr__(self, name, value)
        if self.channel_order not in ("rgb", "bgr"):
            raise ValueError(
                "channel_order must be 'rgb' or 'bgr', not "
                f"{self.channel_order!r}."
            )

    @classmethod
    def from_std(cls, mean, scale, std, channel_order):
        """The same from the arguments of `per_frame`.

        Raises:
            ValueError: if both `scale` and `std` are given, or `std` is 0.
        """
        if std is None:
            return cls(mean, 1.0 if scale is None else scale, channel_order)
        if scale is not None:
            raise ValueError("give scale or std, not both.")
        std = np.asarray(_numbers("std", std))
        if not np.all(std):
            raise ValueError("std must not be 0.")
        return cls(mean, (1.0 / std).tolist(), channel_order)

    @property
    def changes_nothing(self):
        """Whether frames go in as they are."""
        return self == Normalization()

    def __call__(self, frame):
        """float32 tensor of a frame `[B, H, W, 3]`, 0..255."""
        image = ops.cast(frame, "float32")
        if self.channel_order == "bgr":
            image = ops.flip(image, axis=-1)
        if np.any(self.mean):
            image = image - ops.convert_to_tensor(self.mean, "float32")
        if np.any(np.asarray(self.scale) != 1):
            image = image * ops.convert_to_tensor(self.scale, "float32")
        return image

    def array(self, frame):
        """The same in NumPy; `frame` itself where nothing changes."""
        if self.changes_nothing:
            return frame
        if self.channel_order == "bgr":
            frame = frame[..., ::-1]
        mean, scale = (np.float32(x) for x in (self.mean, self.scale))
        return (np.asarray(frame, np.float32) - mean) * scale

    def to_config(self):
        """The entries as plain JSON types."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


def _numbers(name, value):
    try:
        numbers = np.asarray(value, "float64")
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if numbers.shape not in ((), (1,), (3,)) or not np.isfinite(numbers).all():
        raise ValueError(
            f"{name} must be a number or three, one for each channel, not "
            f"{value!r}."
        )
    if numbers.size == 1:
        return float(numbers.reshape(()))
    return tuple(numbers.tolist())
