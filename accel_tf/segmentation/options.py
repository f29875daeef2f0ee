"""Options of segmenting and drawing a video."""

import dataclasses
import operator

from accel_tf.frame_size import (
    checked_size,
    size_at_trained_scale,
    size_within,
)
from accel_tf.video.options import VideoOptions

FULL = "full"
"""Instead of a size: that of the source."""

LABEL_IDS = ("cityscapes", "index")


@dataclasses.dataclass(frozen=True)
class SegmentOptions(VideoOptions):
    """The options of `accel_tf.segment.segment_stream`.

    Those of `VideoOptions`, and

    Attributes:
        size: how large the frames are that the stream sees; the outputs keep
            the size of the source. `None`: the shorter side is that of the
            frames the model was trained on, where that is known, and frames
            are never enlarged. `(height, width)`: the frames fit in there.
            `"full"`: the size of the source.
        stretch: whether frames are brought to exactly `size`, whatever their
            aspect.
        stride: takes only every so many frames of these.
        alpha: share of the classes' colours in the drawing, 0 to 1.
        contours: whether a dark line is drawn where classes meet.
        legend: whether a strip below the picture names the colours.
        label_ids: of the label images: `"cityscapes"` label ids, `"index"`
            of the class, or `None` for Cityscapes' ids if the classes are
            exactly its 19.

    Raises:
        ValueError: if one is not as described.
    """

    size: tuple | str | None = None
    stretch: bool = False
    stride: int = 1
    alpha: float = 0.5
    contours: bool = False
    legend: bool = False
    label_ids: str | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.size is not None and self.size != FULL:
            object.__setattr__(self, "size", checked_size(self.size, "size"))
        elif self.stretch:
            raise ValueError("stretch needs a size, (height, width).")
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha must be from 0 to 1, not {self.alpha}.")
        try:
            is_stride = operator.index(self.stride) >= 1
        except TypeError:
            is_stride = False
        if not is_stride:
            raise ValueError(
                f"stride must be a whole number, 1 or more, not "
                f"{self.stride!r}."
            )
        if self.label_ids not in (None, *LABEL_IDS):
            raise ValueError(
                f"label_ids must be {' or '.join(LABEL_IDS)}, not "
                f"{self.label_ids!r}."
            )

    def model_size(self, frame_size, stream):
        """`(height, width)` of the frames that a stream sees.

        Args:
            frame_size: `(height, width)` of the source.
            stream: a `VideoStream` or what is called like one.

        Raises:
            ValueError: if the model's programs are for frames of another
                aspect.
        """
        known = getattr(getattr(stream, "model", None), "known_sizes", None)
        if self.size == FULL or self.stretch:
            return tuple(frame_size) if self.size == FULL else self.size
        if self.size is not None:
            size = size_within(frame_size, self.size)
            if known and size not in known and self.size in known:
                raise ValueError(
                    f"frames of {_text(frame_size)} fit into "
                    f"{_text(self.size)} as {_text(size)}, which the programs "
                    "are not for; stretch them (--stretch), or export the "
                    f"model for {_text(size)}."
                )
            return size
        trained_size = getattr(stream, "trained_size", None)
        size = size_at_trained_scale(frame_size, trained_size)
        return size if known is None else _nearest(size, frame_size, known)


def _text(size):
    return "{}x{}".format(*size)


def _nearest(size, frame_size, known):
    """Of the sizes that exported programs are for, the best for frames."""
    if size in known or tuple(frame_size) in known:
        return size if size in known else tuple(frame_size)
    aspect = frame_size[1] / frame_size[0]
    similar = [
        (height, width)
        for height, width in known
        if abs(width / height / aspect - 1) < 0.02
    ]
    # Where there is none, the programs say which sizes they are for.
    return min(
        similar, key=lambda each: abs(each[0] - size[0]), default=frame_size
    )
