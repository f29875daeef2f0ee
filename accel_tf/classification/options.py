"""Options of classifying a video."""

import dataclasses
import math

from accel_tf.data.frame_steps import (
    AS_TRAINED,
    USUAL_RATE,
    step_of,
    told_sampling,
)
from accel_tf.video.options import VideoOptions


@dataclasses.dataclass(frozen=True)
class ClassifyOptions(VideoOptions):
    """What of a video is classified.

    Those of `VideoOptions`, and

    Attributes:
        frames: of a clip; `None` for as many as the model was trained on.
        step: frames of a video of 30 per second from one frame of a clip to
            the next; of another rate as much time. May be fractional.
            `None`: a clip is spread over the whole video, as on
            Something-Something. `"as trained"`: what the model tells, or 5
            if it does not.
        views: `(clips, crops)` of a test: clips at equal distances along the
            video, of each of which 1 or 3 squares are classified. `None`:
            windows of one clip each, its central square, slide along the
            video.
        every: seconds from one window to the next; `None` for half a clip.
        size: side in pixels of the squares; frames are brought to it by
            their shorter side. `None` for the model's `crop_size`; the
            published tests of models of 224 take 256.
        top: classes that are told of.

    Raises:
        ValueError: if one is not as described.
    """

    frames: int | None = None
    step: float | str | None = AS_TRAINED
    views: tuple | None = None
    every: float | None = None
    size: int | None = None
    top: int = 5

    def __post_init__(self):
        super().__post_init__()
        for name in ("frames", "size", "top"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value}.")
        for name in ("step", "every"):
            value = getattr(self, name)
            if value is None or (name, value) == ("step", AS_TRAINED):
                continue
            if isinstance(value, str) or not 0 < value < math.inf:
                raise ValueError(f"{name} must be above 0, not {value}.")
        if self.views is not None and (
            self.views[0] < 1 or self.views[1] not in (1, 3)
        ):
            raise ValueError(
                "views are CLIPSxCROPS, 1 clip or more and 1 or 3 crops, not "
                f"{self.views[0]}x{self.views[1]}."
            )
        if self.every is not None and not self.slides:
            raise ValueError(
                "windows that slide have a time between them (every); leave "
                "that out with views, and with clips of the whole video."
            )

    @property
    def slides(self):
        """Whether windows slide along the video."""
        return self.views is None and self.step is not None

    def of(self, model):
        """The options with what the model says for what is not said here.

        Args:
            model: a `ClipClassifier`.

        Raises:
            ValueError: if `every` is given, and its clips are of whole videos.
        """
        step = step_of(model) if self.step == AS_TRAINED else self.step
        slides = self.views is None and step is not None
        size = model.crop_size if self.size is None else self.size
        frames = model.frames if self.frames is None else self.frames
        views = self.views
        if views is None and not slides:
            views = (1, 1)
        return dataclasses.replace(
            self, frames=frames, step=step, size=size, views=views
        )

    def step_at(self, frame_rate):
        """The step in frames of a video of this rate."""
        return self.step * frame_rate / USUAL_RATE

    def span_at(self, frame_rate):
        """Frames of a video of this rate that a clip needs."""
        if self.step is None:
            return self.frames
        return math.ceil(self.frames * self.step_at(frame_rate) - 1e-6)

    def check_length(self, source, count, frame_rate):
        """Refuses a video that is shorter than a clip.

        Args:
            source: for the message.
            count: of its frames.
            frame_rate: of the video.

        Raises:
            ValueError: one line that says how many frames are needed.
        """
        needed = self.span_at(frame_rate)
        if count >= needed:
            return
        clip = told_sampling(self.frames, self.step)
        advice = "give a longer video"
        if self.step is not None:
            # What is left of the step in this video, rounded down.
            most = count * USUAL_RATE / frame_rate / self.frames
            most = math.floor(10 * most) / 10
            if count >= self.frames and most > 0:
                advice += f", or --frames {self.frames}x{most:g}"
        raise ValueError(
            f"{source} has {count} frame{'s' if count > 1 else ''} at "
            f"{frame_rate:g} per second, and a clip of {clip} needs {needed}; "
            f"{advice}."
        )
