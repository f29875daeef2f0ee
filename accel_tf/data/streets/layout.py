"""What a street's seed decides first: light, cross-section and drive."""

import dataclasses
import math

import numpy as np


@dataclasses.dataclass(frozen=True)
class Light:
    """Illumination, linear RGB."""

    sun_direction: np.ndarray  # unit vector towards the sun
    sun: np.ndarray
    ambient: np.ndarray
    zenith: np.ndarray
    horizon: np.ndarray
    clouds: float  # 0 clear to 1 covered
    haze_distance: float  # metres


@dataclasses.dataclass(frozen=True)
class CameraPath:
    """A car's drive: position and angles in closed form of the time."""

    lane: float  # x of the lane's middle, metres
    height: float  # above the road, metres
    speed: float  # mean, metres per second
    pitch: float  # mean, radians, up
    phases: tuple  # radians; of the speed, sway, bounce and two yaw waves
    frequencies: tuple  # 1 / s, of the same waves

    def _wave(self, index, time):
        angle = 2 * math.pi * self.frequencies[index] * time
        return math.sin(angle + self.phases[index])

    def forward(self, time):
        """Distance driven at `time`; the speed varies by up to 20 %."""
        period = 1 / (2 * math.pi * self.frequencies[0])
        return self.speed * (time + 0.2 * period * self._wave(0, time))

    def position(self, time):
        """World position (x, y, z) in metres."""
        sway = 0.25 * self._wave(1, time)
        bounce = 0.015 * self._wave(2, time)
        return np.array(
            [self.lane + sway, self.height + bounce, self.forward(time)]
        )

    def angles(self, time):
        """Yaw (to the right), pitch (up) and roll, in radians."""
        yaw = 0.05 * self._wave(3, time) + 0.02 * self._wave(4, time)
        pitch = self.pitch + 0.006 * self._wave(2, time + 0.1)
        return yaw, pitch, 0.005 * self._wave(1, time)


@dataclasses.dataclass(frozen=True)
class Layout:
    """The cross-section of the street and how it is furnished."""

    lanes: tuple  # (x of the middle, direction 1 or -1)
    lane_width: float
    half_width: float  # of the carriageway, parking strips included
    pavement: float  # width of each pavement
    open_share: float  # of the plots that are gardens
    floors: float  # mean number of floors
    trees: float  # per stretch and side
    parked: float  # share of the places taken

    @property
    def building_line(self):
        """Distance of the house fronts from the street's middle, metres."""
        return self.half_width + self.pavement


def draw_light(rng):
    """Sunshine or an overcast sky, with a `Light`'s colours to match."""
    covered = rng.uniform() < 0.3
    azimuth = rng.uniform(0, 2 * math.pi)
    elevation = math.radians(rng.uniform(24, 60))
    direction = np.array(
        [
            math.cos(elevation) * math.sin(azimuth),
            math.sin(elevation),
            math.cos(elevation) * math.cos(azimuth),
        ]
    )
    warmth = rng.uniform(-0.06, 0.12)
    tint = np.array([1 + warmth, 1.0, 1 - 1.3 * warmth])
    exposure = rng.uniform(0.85, 1.35)
    strength = rng.uniform(0.0, 0.25) if covered else rng.uniform(1.2, 1.9)
    ambient = rng.uniform(0.8, 1.0) if covered else rng.uniform(0.36, 0.5)
    if covered:
        zenith = np.array([0.55, 0.58, 0.62]) * rng.uniform(0.8, 1.1)
        horizon = np.array([0.74, 0.76, 0.79])
    else:
        zenith = np.array([0.10, 0.24, 0.60]) * rng.uniform(0.8, 1.3)
        horizon = np.array([0.56, 0.70, 0.86])
    return Light(
        direction,
        exposure * strength * tint,
        exposure * ambient * np.array([0.94, 1.0, 1.09]),
        exposure * zenith,
        exposure * horizon * (0.5 + 0.5 * tint),
        1.0 if covered else float(rng.uniform(0.2, 0.7)),
        float(rng.uniform(90, 260)),
    )


def _dusk(rng, light):
    """The sun has almost set: dim, blue from above, orange along the street."""
    azimuth = rng.uniform(-0.9, 0.9)
    elevation = math.radians(rng.uniform(4, 9))
    dim = rng.uniform(0.16, 0.24)
    return dataclasses.replace(
        light,
        sun_direction=np.array(
            [
                math.cos(elevation) * math.sin(azimuth),
                math.sin(elevation),
                math.cos(elevation) * math.cos(azimuth),
            ]
        ),
        sun=dim * np.array([2.1, 1.0, 0.42]),
        ambient=dim * np.array([0.70, 0.78, 1.16]),
        zenith=dim * np.array([0.34, 0.42, 0.95]),
        horizon=dim * np.array([2.9, 1.65, 0.95]),
        clouds=float(rng.uniform(0.3, 0.6)),
        haze_distance=float(rng.uniform(150, 240)),
    )


def _day(rng, light):
    """Sunshine, whatever the street's own weather is."""
    while light.clouds == 1.0:
        light = draw_light(rng)
    return light


def _city(rng, layout):
    """Tall houses, wall to wall; hardly a tree."""
    return dataclasses.replace(
        layout,
        open_share=float(rng.uniform(0.0, 0.1)),
        floors=float(rng.uniform(5.0, 7.0)),
        trees=float(rng.uniform(0.0, 0.4)),
    )


def _country(rng, layout):
    """Few low houses between gardens and trees."""
    return dataclasses.replace(
        layout,
        open_share=float(rng.uniform(0.9, 0.97)),
        floors=float(rng.uniform(1.0, 1.6)),
        trees=float(rng.uniform(2.5, 4.0)),
        parked=0.0,
    )


LIGHTS = {"day": _day, "dusk": _dusk}
"""Kinds of light by name."""
PLACES = {"city": _city, "country": _country}
"""Kinds of street by name."""


def chosen(kinds, what, name):
    """The kind of this name.

    Raises:
        ValueError: if there is none.
    """
    if name not in kinds:
        raise ValueError(
            f"{what} must be one of {', '.join(kinds)} or None, got {name!r}"
        )
    return kinds[name]


def draw_layout(rng):
    """The `Layout` of one street."""
    lane_width = float(rng.uniform(3.1, 3.5))
    per_direction = 2 if rng.uniform() < 0.3 else 1
    has_parking = rng.uniform() < 0.7
    lanes = tuple(
        (direction * (index + 0.5) * lane_width, direction)
        for direction in (1, -1)
        for index in range(per_direction)
    )
    return Layout(
        lanes=lanes,
        lane_width=lane_width,
        half_width=per_direction * lane_width + (2.2 if has_parking else 0.3),
        pavement=float(rng.uniform(3.0, 4.6)),
        open_share=float(rng.uniform(0.05, 0.45)),
        floors=float(rng.uniform(2.0, 5.0)),
        trees=float(rng.uniform(0.3, 2.2)),
        parked=float(rng.uniform(0.2, 0.7)) if has_parking else 0.0,
    )


def draw_camera(rng, layout):
    """The drive of a camera in one of the lanes."""
    lanes = [x for x, direction in layout.lanes if direction > 0]
    return CameraPath(
        lane=lanes[int(rng.integers(len(lanes)))],
        height=float(rng.uniform(1.3, 1.55)),
        speed=float(rng.uniform(6.3, 12.4)),
        pitch=float(rng.uniform(-0.035, 0.005)),
        phases=tuple(rng.uniform(0, 2 * math.pi, 5).tolist()),
        frequencies=(0.11, 0.21, 1.3, 0.13, 0.37),
    )
