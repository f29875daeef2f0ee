"""One frame of a source, with what its consumer must know of it."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class VideoFrame:
    """A frame of a `VideoReader`.

    Attributes:
        image: uint8 RGB `[height, width, 3]`.
        time: Seconds since the first frame, by the source's time stamps.
        name: Name of the image file without its ending; None for frames of
            videos and cameras.
        is_damaged: Whether the frame did not decode; `image` is then the one
            before (or, before the first that decodes, the one after).
        starts_anew: Whether the source was connected again before this frame,
            so that it does not follow from the one before.
    """

    image: np.ndarray
    time: float
    name: str | None = None
    is_damaged: bool = False
    starts_anew: bool = False
