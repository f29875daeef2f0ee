"""How many frames a second the server asks for."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class SamplingRate:
    """Frames per second that follow how much the scene changes (AMS's ASR).

        rate = rate.step(label_similarity(labels, class_indices))

    What the teacher sees in consecutive frames is compared; where it hardly
    differs, fewer frames are asked for. Never changed in place.

    Attributes:
        rate: frames per second.
        target: similarity, 0 to 1, at which the rate stays.
        gain: steepness around the target.
        change: frames per second that the rate changes by at most.
        least, most: frames per second.
    """

    rate: float = 1.0
    target: float = 0.6
    gain: float = 20.0
    change: float = 0.2
    least: float = 0.1
    most: float = 1.0

    def step(self, similarity):
        """The rate after an update, as a `SamplingRate`.

        Args:
            similarity: mean over the consecutive labels that came since the
                update before, from `label_similarity`; NaN if unknown, which
                leaves the rate as it is.
        """
        if math.isnan(similarity):
            return self
        push = math.tanh(self.gain * (similarity - self.target))
        rate = min(max(self.rate - self.change * push, self.least), self.most)
        return dataclasses.replace(self, rate=rate)
