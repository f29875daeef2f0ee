"""Some frames of a video file, out of turn."""

import dataclasses
import hashlib

import numpy as np

from accel_tf.video.span_decoder import IrregularVideoError, SpanDecoder
from accel_tf.video.video_reader import (
    DEFAULT_FRAME_RATE,
    VideoFrame,
    VideoReader,
)


@dataclasses.dataclass(frozen=True, eq=False)
class Span:
    """Frames of a file that follow each other.

    Attributes:
        first: number of the first one in the file.
        stamps: int64 `[N]`, of `FrameIndex`.
        times: float64 `[N]`, of `FrameIndex`.
        checked: stamp of the frame whose digest `PartReader` gives as
            `digest_after`: one of these or a later one; `None` for none.
    """

    first: int
    stamps: np.ndarray
    times: np.ndarray
    checked: int | None


class PartReader(VideoReader):
    """Gives exactly the frames that reading the whole file would give.

    That decoding in the middle of a file gives the same pictures is the rule,
    but files exist where it does not. Digests of a picture, decoded by two
    parts that do not share their beginning, tell.

    Args:
        source: path of a file, or a binary file object that can seek.
        name: what messages call it.
        span: `Span`.
        on_note: called with one line about what is worth knowing.

    Attributes:
        digest_first: of the picture of the first frame; `None` before it.
        digest_after: of the picture of `span.checked`.

    Raises:
        IrregularVideoError: in iteration, if a frame does not decode, or
            there are others than those of the span.
        ValueError, OSError: as `Decoder`.
    """

    def __init__(self, source, name, span, on_note):
        self._decoder = decoder = SpanDecoder(source, name, on_note)
        self._name, self._span = str(name), span
        self.first_index = span.first
        self.digest_first = self.digest_after = None
        super().__init__(
            decoder.height,
            decoder.width,
            decoder.frame_rate or DEFAULT_FRAME_RATE,
            len(span.stamps),
        )

    def frames(self):
        """Gives each frame as a `VideoFrame`."""
        span, count = self._span, 0
        last = int(span.stamps[-1])
        end = last if span.checked is None else max(last, span.checked)
        for stamp, image in self._decoder.images_between(
            int(span.stamps[0]), end
        ):
            if self.digest_first is None:
                self.digest_first = _digest(image)
            if stamp == span.checked:
                self.digest_after = _digest(image)
            if stamp > last:
                continue
            if count == len(span.stamps) or stamp != span.stamps[count]:
                raise IrregularVideoError(
                    f"{self._name} has frames without packets of their own"
                )
            yield VideoFrame(image, float(span.times[count]))
            count += 1
        if count != len(span.stamps):
            raise IrregularVideoError(
                f"not all frames of {self._name} decode in the middle of it"
            )
        if span.checked is not None and self.digest_after is None:
            raise IrregularVideoError(
                f"a frame of {self._name} does not decode from where it should"
            )

    def close(self):
        self._decoder.close()


def _digest(image):
    data = np.ascontiguousarray(image)
    return hashlib.blake2b(data, digest_size=16).hexdigest()
