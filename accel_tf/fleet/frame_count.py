"""How much of a video a worker has done."""

from accel_tf.segmentation.frames import expected_count
from accel_tf.video import open_video


class FrameCount:
    """Counts the frames of one call of `segment_stream`.

    Args:
        options: `SegmentOptions`.
        open_source: function as `open_video`.
        expected: frames there will be; `None` for what the source states.

    Attributes:
        share: of the frames that are done, 0..1; 0 if nobody states how many
            there are.
        frames: that are done.
    """

    def __init__(self, options, open_source=None, expected=None):
        self._chosen = options.start, options.end, options.stride
        self._open_source = open_source or open_video
        self._expected = expected
        self._begun = 0

    def open(self, source, **options):
        """Opens the source; for `open_source` of `segment_stream`."""
        video = self._open_source(source, **options)
        if self._expected is None:
            self._expected = expected_count(video, *self._chosen)
        return video

    def add(self, frame):
        """A frame begins; for `on_frame` of `segment_stream`."""
        self._begun += 1

    @property
    def frames(self):
        return max(0, self._begun - 1)

    @property
    def share(self):
        return min(1.0, self.frames / self._expected) if self._expected else 0.0
