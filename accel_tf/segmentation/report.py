"""The numbers of a run."""

import dataclasses

_MOST_NAMED = 8


@dataclasses.dataclass
class SegmentReport:
    """Counts the frames that `segment_video` has written so far.

    Attributes:
        frames: frames that were written.
        key_frames: of these, key frames.
        cuts: of these, those that were taken for the first of another scene.
        seconds: time since the first frame.
        compiled_frames, compiled_seconds: of these, the first frame of each
            kind, in which the model is compiled, and how long it took.
        damaged: numbers of the frames, from 0 in the source, that did not
            decode.
        dropped: frames of a live source that were left out.
        reconnects: how often a camera or stream came back.
        frame_size: `(height, width)` of the frames.
        model_size: the same of those that the model saw.
    """

    frames: int = 0
    key_frames: int = 0
    cuts: int = 0
    seconds: float = 0.0
    compiled_frames: int = 0
    compiled_seconds: float = 0.0
    damaged: list = dataclasses.field(default_factory=list)
    dropped: int = 0
    reconnects: int = 0
    frame_size: tuple | None = None
    model_size: tuple | None = None

    @property
    def rate(self):
        """Frames per second, without those that waited for the compiler.

        0 if there are no others.
        """
        frames = self.frames - self.compiled_frames
        seconds = self.seconds - self.compiled_seconds
        return frames / seconds if frames > 0 and seconds > 0 else 0.0

    def add(self, is_key, seconds, is_compiled, is_cut=False):
        """Counts a frame.

        Args:
            is_key: whether it was a key frame.
            seconds: that the model took.
            is_compiled: whether it was the first of its kind.
            is_cut: whether another scene began with it.
        """
        self.frames += 1
        self.key_frames += is_key
        self.cuts += is_cut
        if is_compiled:
            self.compiled_frames += 1
            self.compiled_seconds += seconds

    def __str__(self):
        parts = [f"{self.frames} frames, {self.key_frames} key frames"]
        if self.cuts:
            parts[0] += f", {self.cuts} cut{'s' if self.cuts > 1 else ''}"
        if self.rate:
            parts[0] += f", {self.rate:.1f} frames per second"
        if self.model_size and self.model_size != self.frame_size:
            seen, whole = (
                "{}x{}".format(*size)
                for size in (self.model_size, self.frame_size)
            )
            parts.append(f"the model saw {seen} of {whole}")
        if self.dropped:
            parts.append(f"{self.dropped} frames came too late and were left")
        if self.reconnects:
            parts.append(f"connected again {_times(self.reconnects)}")
        if self.damaged:
            named = ", ".join(map(str, self.damaged[:_MOST_NAMED]))
            if len(self.damaged) > _MOST_NAMED:
                named += ", ..."
            parts.append(
                f"{len(self.damaged)} of {self.frames} frames did not decode: "
                f"{named}; they repeat the labels before"
            )
        return "; ".join(parts)


def _times(count):
    return "once" if count == 1 else f"{count} times"
