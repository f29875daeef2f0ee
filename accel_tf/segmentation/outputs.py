"""The paths that are written for one video."""

import dataclasses
import os
import pathlib

from accel_tf.segmentation.record import RecordWriter
from accel_tf.video import VideoWriter
from accel_tf.video.reader import IMAGE_ENDINGS
from accel_tf.video.whole_output import FolderOutput, WholeOutput

STILL_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
"""Of a drawing that is one image."""


@dataclasses.dataclass(frozen=True)
class Outputs:
    """Paths of the outputs of one source; `None` for those not wanted.

    Attributes:
        video: the source with the classes laid over; an image if the source
            is one.
        labels: folder of label images.
        scores: folder of scores.
        json: file that says what is known of every frame.
    """

    video: str | os.PathLike | None = None
    labels: str | os.PathLike | None = None
    scores: str | os.PathLike | None = None
    json: str | os.PathLike | None = None

    def given(self):
        """The paths that are not `None`."""
        return [path for path in dataclasses.astuple(self) if path is not None]

    @property
    def is_still(self):
        """Whether the drawing is an image rather than a video."""
        return self.video is not None and _ending(self.video) in STILL_ENDINGS

    def check(self, source, codec=None, quality=None):
        """Finds out what is wrong before any work.

        Args:
            source: as for `open_video`.
            codec, quality: of the video.

        Raises:
            ValueError, OSError: one line, if a path cannot be written, is
                the source, or two are the same; or if there is none.
        """
        if not self.given():
            raise ValueError(
                "nothing would be written; give --output, --labels, "
                "--save-scores or --json."
            )
        self._check_different(source)
        if self.is_still:
            WholeOutput(self.video)
            if not is_image(source):
                raise ValueError(
                    f"{self.video} would be one image, and {source} is a "
                    "video; the output's name must end in .mp4, .mkv or "
                    "another video's ending."
                )
        elif self.video is not None:
            VideoWriter(
                self.video,
                64,
                64,
                25.0,
                codec=codec,
                quality=quality,
                on_note=lambda line: None,  # Told when it is written.
            )
        for folder in (self.labels, self.scores):
            if folder is not None:
                FolderOutput(folder)
        if self.json is not None:
            RecordWriter(self.json, {}, (), None)

    def _check_different(self, source):
        seen = set()
        for path in self.given():
            real = os.path.realpath(path)
            if not isinstance(source, int) and os.path.exists(source):
                if os.path.exists(path) and os.path.samefile(source, path):
                    raise ValueError(
                        f"{path} is the input; give another output."
                    )
            if real in seen:
                raise ValueError(f"{path} is given for two outputs.")
            seen.add(real)


def is_image(source):
    """Whether a source is one still image."""
    return (
        not isinstance(source, int)
        and _ending(source) in IMAGE_ENDINGS
        and os.path.isfile(source)
    )


def _ending(path):
    return pathlib.PurePath(path).suffix.lower()
