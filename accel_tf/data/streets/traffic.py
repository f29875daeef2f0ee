"""What moves in a street: cars in their lanes, persons walking and crossing.

Every position is a closed form of the time, so any frame can be drawn without
the ones before it.
"""

import dataclasses
import functools
import math
from collections.abc import Callable

from accel_tf.data.streets import cars as street_cars
from accel_tf.data.streets import objects as street_objects
from accel_tf.data.streets import surfaces as s

_BEHIND = 6.0
_CARS_AHEAD = 110.0
_PERSONS_AHEAD = 60.0
# Walking speed, metres per second, that goes with one double step a second.
_DOUBLE_STEP = 1.45
_LONGEST_CAR = 5.3


@dataclasses.dataclass(frozen=True)
class Stream:
    """A row of objects that move along the street together.

    The row is divided into cells; each holds one object or none.
    """

    number: int
    x: float
    y: float
    distance: Callable  # distance moved as a function of time
    spacing: float
    share: float  # of the cells that are taken
    turned: bool
    first_cell: int | None = None


@dataclasses.dataclass(frozen=True)
class Crossing:
    """A person who walks from one pavement to the other."""

    template: object
    z: float
    start_x: float
    velocity: float
    start_time: float
    phase: float

    def x(self, time):
        walked = self.velocity * (time - self.start_time)
        # Before and after, the person stands at the kerb.
        low, high = sorted((0.0, -2 * self.start_x))
        return self.start_x + min(max(walked, low), high)


class Traffic:
    """The moving objects of one street.

    Args:
        generator: function (kind, cell, index) -> numpy Generator.
        layout: `layout.Layout`.
        camera: `layout.CameraPath`.
        stretch: length of a stretch in metres.
        kerb_height: height of the pavements in metres.
    """

    def __init__(self, generator, layout, camera, stretch, kerb_height):
        self._generator = generator
        self._layout = layout
        self._camera = camera
        self._stretch = stretch
        self._kerb_height = kerb_height
        rng = generator(20, 0)
        self._lanes = [
            self._lane(rng, number, x, direction)
            for number, (x, direction) in enumerate(layout.lanes)
        ]
        self._paths = [
            self._path(rng, 16 + 8 * (side > 0) + number, side, number)
            for side in (-1, 1)
            for number in range(4)
        ]
        self._car = functools.lru_cache(256)(self._draw_car)
        self._person = functools.lru_cache(512)(self._draw_person)
        self._crossing = functools.lru_cache(64)(self._draw_crossing)

    def _lane(self, rng, number, x, direction):
        speed = direction * float(rng.uniform(6, 13))
        share = float(rng.uniform(0.35, 0.8))
        if x == self._camera.lane:
            # Cars ahead in the camera's own lane keep their distance.
            return Stream(
                number, x, 0.0, self._camera.forward, 26.0, share, False, 0
            )
        return Stream(
            number,
            x,
            0.0,
            lambda time: speed * time,
            22.0,
            share,
            direction < 0,
        )

    def _path(self, rng, number, side, index):
        # One of the paths on each pavement is of persons who stand and wait.
        speed = 0.0 if index == 3 else float(rng.uniform(0.9, 1.7))
        turned = bool(rng.uniform() < 0.5)
        velocity = -speed if turned else speed
        free = self._layout.pavement - 1.9
        x = self._layout.half_width + 1.4 + free * float(rng.uniform())
        return Stream(
            number,
            side * x,
            self._kerb_height,
            lambda time: velocity * time,
            float(rng.uniform(6, 12)),
            float(rng.uniform(0.25, 0.65)),
            turned,
        )

    def _draw_car(self, stream, cell):
        """The car of a cell and where it is in the row, or None."""
        rng = self._generator(21, cell, stream.number)
        taken = rng.uniform() < stream.share
        if stream.first_cell is not None:
            if cell < stream.first_cell:
                return None
            taken = taken or (
                cell == stream.first_cell and rng.uniform() < 0.35
            )
        if not taken:
            return None
        along = (cell + float(rng.uniform(0.35, 0.8))) * stream.spacing
        template = street_cars.car(rng)
        if stream.turned:
            template = s.turned(template)
        return template, along, float(rng.uniform(-0.2, 0.2))

    def _draw_person(self, stream, cell):
        rng = self._generator(22, cell, stream.number)
        if rng.uniform() >= stream.share:
            return None
        along = (cell + float(rng.uniform(0.1, 0.9))) * stream.spacing
        template = street_objects.person(
            rng,
            facing_camera=stream.turned,
            child=bool(rng.uniform() < 0.12),
        )
        if stream.turned:
            template = s.turned(template)
        phase = float(rng.uniform(0, 2 * math.pi))
        return template, along, float(rng.uniform(-0.3, 0.3)), phase

    def _cells(self, stream, time, low, high):
        """The cells of a stream that lie between two z at a time."""
        moved = stream.distance(time)
        return range(
            math.floor((low - moved) / stream.spacing) - 1,
            math.floor((high - moved) / stream.spacing) + 1,
        )

    def surfaces(self, time, previous_time):
        """`SURFACE` arrays of all moving objects in sight."""
        parts = []
        z = self._camera.forward(time)
        for stream in self._lanes:
            for cell in self._cells(stream, time, z - _BEHIND, z + _CARS_AHEAD):
                car = self._car(stream, cell)
                if car is not None:
                    template, along, aside = car
                    key = s.object_key(21, cell, stream.number)
                    parts.append(
                        s.placed(
                            template,
                            (
                                stream.x + aside,
                                stream.y,
                                along + stream.distance(time),
                            ),
                            (
                                stream.x + aside,
                                stream.y,
                                along + stream.distance(previous_time),
                            ),
                            key=key,
                        )
                    )
        for stream in self._paths:
            parts += self._walkers(stream, z, time, previous_time)
        first = math.floor(z / self._stretch)
        for cell in range(first, first + 4):
            if self._crossing(cell) is not None:
                parts.append(self._crossing_person(cell, time, previous_time))
        return parts

    def _walkers(self, stream, z, time, previous_time):
        parts = []
        now, before = stream.distance(time), stream.distance(previous_time)
        for cell in self._cells(stream, time, z, z + _PERSONS_AHEAD):
            person = self._person(stream, cell)
            if person is None:
                continue
            template, along, aside, phase = person
            step = 2 * math.pi / _DOUBLE_STEP
            # A person at rest stands with legs together.
            start = phase if stream.distance(1.0) else 0.0
            x = stream.x + aside
            parts.append(
                s.placed(
                    street_objects.walk(
                        template, start + step * now, start + step * before
                    ),
                    (x, stream.y, along + now),
                    (x, stream.y, along + before),
                    key=s.object_key(22, cell, stream.number),
                )
            )
        return parts

    def crossing(self, cell):
        """z of the zebra crossing in a stretch, or None."""
        crossing = self._crossing(cell)
        return None if crossing is None else crossing.z

    def _draw_crossing(self, cell):
        rng = self._generator(23, cell)
        if rng.uniform() < 0.45:
            return None
        z = (cell + float(rng.uniform(0.25, 0.75))) * self._stretch
        arrival = z / self._camera.speed
        edge = self._layout.half_width + 0.7
        person = street_objects.person(rng, seen_from_the_side=True)
        for _ in range(12):
            side = 1 if rng.uniform() < 0.5 else -1
            crossing = Crossing(
                s.turned(person) if side > 0 else person,
                z,
                side * edge,
                -side * float(rng.uniform(1.1, 1.9)),
                arrival - float(rng.uniform(0.0, 11.0)),
                float(rng.uniform(0, 2 * math.pi)),
            )
            if self._is_safe(crossing):
                return crossing
        return None

    def _is_safe(self, crossing):
        """Whether no car is near the person during the walk."""
        duration = abs(2 * crossing.start_x / crossing.velocity)
        for step in range(int(duration / 0.4) + 2):
            time = crossing.start_time + 0.4 * step
            x, z = crossing.x(time), crossing.z
            ahead = z - self._camera.forward(time)
            if abs(self._camera.lane - x) < 1.9 and -3.0 < ahead < 7.0:
                return False
            for stream in self._lanes:
                if abs(stream.x - x) < 1.5 and self._occupied(stream, z, time):
                    return False
        return True

    def _occupied(self, stream, z, time):
        low, high = z - 1.5, z + 1.5
        for cell in self._cells(stream, time, low - 6, high + 6):
            car = self._car(stream, cell)
            if car is not None:
                tail = car[1] + stream.distance(time)
                nose = tail + _LONGEST_CAR * (-1 if stream.turned else 1)
                if min(tail, nose) < high and max(tail, nose) > low:
                    return True
        return False

    def _crossing_person(self, cell, time, previous_time):
        crossing = self._crossing(cell)
        now, before = crossing.x(time), crossing.x(previous_time)
        step = 2 * math.pi / _DOUBLE_STEP

        def position(x):
            on_road = abs(x) < self._layout.half_width
            return (x, 0.0 if on_road else self._kerb_height, crossing.z)

        return s.placed(
            street_objects.walk(
                crossing.template,
                crossing.phase + step * abs(now - crossing.start_x),
                crossing.phase + step * abs(before - crossing.start_x),
            ),
            position(now),
            position(before),
            key=s.object_key(23, cell),
        )
