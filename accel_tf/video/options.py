"""Options of reading a video and of writing one of it."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class VideoOptions:
    """What is said of the source, and of the video that is written.

    Attributes:
        frame_rate: of a source without time stamps, such as a folder;
            `None` for 25.
        codec, quality: of the video that is written, see `VideoWriter`.
        strict: whether a frame that does not decode is an error. Otherwise
            it counts as the frame before.
        live: whether frames of a camera or live stream are left out if the
            model is slower than they come.
        reconnect_seconds: how long a camera or stream that stopped is tried
            again; `None` for a minute.
        start, end: seconds of the source between which frames are taken;
            `end` itself is not. `None` for the end of the source.

    Raises:
        ValueError: if one is not as described.
    """

    frame_rate: float | None = None
    codec: str | None = None
    quality: float | None = None
    strict: bool = False
    live: bool = False
    reconnect_seconds: float | None = None
    start: float = 0.0
    end: float | None = None

    def __post_init__(self):
        if not 0 <= self.start < math.inf:
            raise ValueError(
                f"start must be seconds, 0 or more, not {self.start}."
            )
        if self.end is not None and not self.end > self.start:
            raise ValueError(
                f"end must be after start, {self.start:g} s, not {self.end:g}."
            )
        wait = self.reconnect_seconds
        if wait is not None and not 0 <= wait < math.inf:
            raise ValueError(
                f"reconnect_seconds must be 0 or more, not {wait}."
            )

    def reader_options(self):
        """The arguments of `open_video` besides the source."""
        given = {
            "frame_rate": self.frame_rate,
            "strict": self.strict,
            "live": self.live,
        }
        if self.reconnect_seconds is not None:
            given["reconnect_seconds"] = self.reconnect_seconds
        return given

    def sound_range(self, first_time):
        """Seconds of the source between which sound is copied, or `None`.

        Args:
            first_time: of the first frame that is written.
        """
        if self.start == 0 and self.end is None:
            return None
        return first_time, math.inf if self.end is None else self.end

    def why_no_frame(self, source):
        """One line about a source of which no frame is in the range."""
        if self.start == 0:
            return f"{source} gave no frame."
        if self.end is None:
            return (
                f"{source} has no frame from {self.start:g} s on; give an "
                "earlier start."
            )
        return (
            f"{source} has no frame from {self.start:g} to {self.end:g} s; "
            "give an earlier start or a later end."
        )
