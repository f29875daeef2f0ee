"""Kinds of drive along a street."""

import dataclasses
import math

from accel_tf.data.streets.layout import CameraPath

_CYCLE = 8.0  # seconds from one stop to the next
_MOVING = 0.6  # share of a cycle
_TURN = 3.2  # seconds, there and back
_ANGLE = math.radians(35)


@dataclasses.dataclass(frozen=True)
class StopAndGo:
    """A drive that stops every few seconds, and turns in between.

    The street has no corners: the camera turns to the side and back.

    Args:
        path: `CameraPath` of the drive without either.
    """

    path: CameraPath

    @property
    def lane(self):
        return self.path.lane

    @property
    def speed(self):
        return self.path.speed * _MOVING

    def forward(self, time):
        return self.path.forward(self._driven(time))

    def position(self, time):
        return self.path.position(self._driven(time))

    def angles(self, time):
        yaw, pitch, roll = self.path.angles(self._driven(time))
        cycle, rest = divmod(time + self._start, _CYCLE)
        x = (rest - 0.3 * _MOVING * _CYCLE) / _TURN
        if 0 < x < 1:
            side = 1 if int(cycle) % 2 else -1
            yaw += side * _ANGLE * math.sin(math.pi * x) ** 2
        return yaw, pitch, roll

    @property
    def _start(self):
        """Not all drives stop at the same time."""
        return _CYCLE * self.path.phases[0] / (2 * math.pi)

    def _driven(self, time):
        """Seconds of the drive without stops that have passed."""
        cycle, rest = divmod(time + self._start, _CYCLE)
        x = min(rest / (_MOVING * _CYCLE), 1.0)
        # It starts and ends slowly.
        return (cycle + x * x * (3 - 2 * x)) * _MOVING * _CYCLE


DRIVES = {"stop-and-go": StopAndGo}
"""Kinds of drive by name."""
