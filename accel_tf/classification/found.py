"""What was found in a video."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class ClassesOfWindow:
    """Of one clip of a video.

    Attributes:
        start, end: of the clip's part of the video, in seconds since the
            video's first frame: the times of its first and last frame.
        probabilities: float32 `[classes]`; the mean over its crops.
    """

    start: float
    end: float
    probabilities: np.ndarray


@dataclasses.dataclass(eq=False)
class ClassesOfVideo:
    """Of all clips of a video so far.

    Attributes:
        class_names: of the model.
        count: classes that `top` tells.
        windows: list of `ClassesOfWindow`, in the order of time.
        frames: of the video that were read.
        seconds: that the model took.
        damaged: numbers of the frames that did not decode.
        dropped: frames of a live source that came too late.
    """

    class_names: tuple
    count: int = 5
    windows: list = dataclasses.field(default_factory=list)
    frames: int = 0
    seconds: float = 0.0
    damaged: list = dataclasses.field(default_factory=list)
    dropped: int = 0

    @property
    def probabilities(self):
        """float32 `[classes]`: the mean over all windows.

        Raises:
            ValueError: if there is none yet.
        """
        if not self.windows:
            raise ValueError("no window of the video was classified.")
        return np.mean([x.probabilities for x in self.windows], axis=0)

    def top(self):
        """The likeliest classes of the whole video: as `top_of`."""
        return self._top(self.probabilities)

    def top_of(self, window):
        """The likeliest classes of a window.

        Returns:
            list of dicts with `class`, its name, `index` and `probability`,
            the likeliest first.
        """
        return self._top(window.probabilities)

    def _top(self, probabilities):
        order = np.argsort(-probabilities, kind="stable")[: self.count]
        return [
            {
                "class": self.class_names[index],
                "index": int(index),
                "probability": round(float(probabilities[index]), 6),
            }
            for index in order
        ]

    def at(self, time):
        """The window whose middle is next to a time, or `None`."""
        return min(
            self.windows,
            key=lambda x: abs((x.start + x.end) / 2 - time),
            default=None,
        )

    def __str__(self):
        text = told(self.top())
        if len(self.windows) > 1:
            text += f" (mean of {len(self.windows)} clips)"
        if self.damaged:
            text += f"; {len(self.damaged)} frames did not decode"
        if self.dropped:
            text += f"; {self.dropped} frames came too late and were left"
        return text


def told(top):
    """Likeliest classes in one line."""
    return ", ".join(f"{x['class']} {x['probability']:.1%}" for x in top)
