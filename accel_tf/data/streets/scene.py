"""What is in a procedural street: its layout, its light, all that stands.

World axes: x to the right, y up, z along the street; metres, seconds. The
street is endless: it is made of stretches of 24 m, each drawn from its own
random generator, so that what a camera sees depends on the seed and the time
only.
"""

import math

import numpy as np

from accel_tf.data.streets import buildings as street_buildings
from accel_tf.data.streets import cars as street_cars
from accel_tf.data.streets import objects as street_objects
from accel_tf.data.streets import surfaces as s
from accel_tf.data.streets import textures
from accel_tf.data.streets.drives import DRIVES
from accel_tf.data.streets.layout import (
    LIGHTS,
    PLACES,
    chosen,
    draw_camera,
    draw_layout,
    draw_light,
)
from accel_tf.data.streets.surfaces import Mask, Material, surface, surfaces
from accel_tf.data.streets.traffic import Traffic

STRETCH = 24.0
KERB_HEIGHT = 0.13
# Stretches in sight, from the one behind the camera on.
_STRETCHES = 7
# All patterns on the ground repeat after this many metres; see _ground.
_GROUND_PERIOD = 384.0
_FAR = 4600.0
_SHADOW_BINS = 48


class StreetScene:
    """The world of one seed.

    Args:
        seed: non-negative int.
        light, place, drive: as for `street_sequence`.
    """

    def __init__(self, seed, light=None, place=None, drive=None):
        self.seed = seed
        rng = self._generator(0, 0)
        self.light = draw_light(rng)
        self.layout = draw_layout(rng)
        # Of generators of their own: the street stays the same otherwise.
        if light is not None:
            change = chosen(LIGHTS, "light", light)
            self.light = change(self._generator(9, 0), self.light)
        if place is not None:
            change = chosen(PLACES, "place", place)
            self.layout = change(self._generator(9, 1), self.layout)
        self.camera = draw_camera(rng, self.layout)
        if drive is not None:
            self.camera = chosen(DRIVES, "drive", drive)(self.camera)
        self.traffic = Traffic(
            self._generator, self.layout, self.camera, STRETCH, KERB_HEIGHT
        )
        # Where in the endless noise this street's patterns begin.
        self._offset = float(rng.integers(4000))
        self._asphalt = float(rng.uniform(0.28, 0.42))
        self._paving = float(rng.uniform(0.50, 0.66))
        self._stretches = {}

    def _generator(self, kind, cell, index=0):
        """The random generator of one thing in the world."""
        return np.random.default_rng([self.seed, kind, cell + (1 << 31), index])

    def surfaces(self, time, previous_time):
        """All surfaces near the camera; the first one is the sky.

        Returns:
            A `SURFACE` array: poses at `time` and at `previous_time`.
        """
        first = math.floor(self.camera.forward(time) / STRETCH) - 1
        parts = [self._backdrop(time, previous_time), self._ground(first)]
        for cell in range(first, first + _STRETCHES):
            parts.append(self._stretch(cell)[0])
        parts += self.traffic.surfaces(time, previous_time)
        return s.joined(parts)

    def sun_blocking(self, time):
        """Heights of the buildings between the street and the sun.

        Returns:
            x of the building line on the sun's side, z where the heights
            begin, the distance between two heights, and the heights, float32.
        """
        first = math.floor(self.camera.forward(time) / STRETCH) - 1
        side = 1 if self.light.sun_direction[0] > 0 else -1
        heights = [
            self._stretch(cell)[1][side]
            for cell in range(first - 1, first + _STRETCHES)
        ]
        return (
            side * self.layout.building_line,
            (first - 1) * STRETCH,
            STRETCH / _SHADOW_BINS,
            np.concatenate(heights),
        )

    def _backdrop(self, time, previous_time):
        """Sky and skyline: so far away that they move with the camera."""
        rows = [
            surface(
                (-6 * 5000.0, -500.0, 5000.0),
                (12 * 5000.0, 0.0, 0.0),
                (0.0, 6 * 5000.0, 0.0),
                s.SKY,
                Material.SKY,
                (0.0, 0.0, 0.0),
                detail=(self._offset,),
            )
        ]
        for label, height, color, distance in (
            (s.BUILDING, 340.0, (0.55, 0.55, 0.56), 4500.0),
            (s.VEGETATION, 150.0, (0.34, 0.42, 0.33), 4400.0),
        ):
            rows.append(
                surface(
                    (-6 * 4500.0, -20.0, distance),
                    (12 * 4500.0, 0.0, 0.0),
                    (0.0, height, 0.0),
                    label,
                    Material.SKYLINE,
                    color,
                    mask=Mask.SKYLINE,
                    mask_parameters=(self._offset + label,),
                )
            )
        result = surfaces(rows, s.object_key(1, 0))
        result["origin"] += self.camera.position(time)
        result["previous_origin"] += self.camera.position(previous_time)
        return result

    def _ground(self, first):
        # Starting at a multiple of the period keeps the pattern in place
        # while the coordinates on it stay small.
        start = _GROUND_PERIOD * math.floor(
            (first - 1) * STRETCH / _GROUND_PERIOD
        )
        layout = self.layout
        half, line = layout.half_width, layout.building_line
        up, along = (0, 1, 0), (0.0, 0.0, _FAR)
        asphalt = (self._asphalt, self._asphalt, 1.03 * self._asphalt)
        paving = (self._paving, 0.98 * self._paving, 0.94 * self._paving)
        rows = [
            surface(
                (-half, 0.0, start),
                (2 * half, 0.0, 0.0),
                along,
                s.ROAD,
                Material.ASPHALT,
                asphalt,
                outward=up,
                detail=(
                    half,
                    layout.lane_width,
                    len(layout.lanes) // 2,
                    0.0,
                    self._offset,
                ),
            )
        ]
        for side in (-1, 1):
            strips = (
                (half, (0.0, KERB_HEIGHT, 0.0), 0.0, s.SIDEWALK, 1.0),
                (
                    half,
                    (side * layout.pavement, 0.0, 0.0),
                    KERB_HEIGHT,
                    s.SIDEWALK,
                    0.0,
                ),
            )
            for x, u_axis, y, label, is_kerb in strips:
                rows.append(
                    surface(
                        (side * x, y, start),
                        u_axis,
                        along,
                        label,
                        Material.PAVING,
                        paving,
                        outward=(-side, 1, 0),
                        detail=(is_kerb,),
                    )
                )
            rows.append(
                surface(
                    (side * line, KERB_HEIGHT, start),
                    (side * _FAR, 0.0, 0.0),
                    along,
                    s.VEGETATION,
                    Material.GRASS,
                    (0.33, 0.42, 0.20),
                    outward=up,
                )
            )
        return surfaces(rows, s.object_key(2, 0))

    def _stretch(self, cell):
        """Surfaces of one stretch, and building heights by side."""
        if cell not in self._stretches:
            # Only what is in sight is kept.
            for old in [k for k in self._stretches if abs(k - cell) > 12]:
                del self._stretches[old]
            self._stretches[cell] = self._build_stretch(cell)
        return self._stretches[cell]

    def _build_stretch(self, cell):
        start = cell * STRETCH
        parts, heights = [], {}
        if self.traffic.crossing(cell) is not None:
            parts.append(self._zebra(cell))
        for side in (-1, 1):
            rng = self._generator(3, cell, side + 1)
            rows, trees, buildings = street_buildings.street_side(
                rng,
                side=side,
                front=self.layout.building_line,
                start=start,
                length=STRETCH,
                open_share=self.layout.open_share,
                tall=self.layout.floors,
            )
            parts.append(surfaces(rows, s.object_key(3, cell, side + 1)))
            profile = np.zeros(_SHADOW_BINS, np.float32)
            for building in buildings:
                low = (building.start - start) / STRETCH * _SHADOW_BINS
                high = low + building.length / STRETCH * _SHADOW_BINS
                profile[round(low) : round(high)] = building.height
            heights[side] = profile
            objects = trees + self._furniture(rng, side, start)
            for index, (template, position) in enumerate(objects):
                key = s.object_key(4 + (side > 0), cell, index)
                parts.append(s.placed(template, position, key=key))
            parts += self._parked(rng, cell, side)
        return s.joined(parts), heights

    def _furniture(self, rng, side, start):
        objects = []
        kerb = self.layout.half_width

        def stand(template, z, offset=0.5):
            position = (side * (kerb + offset), KERB_HEIGHT, start + z)
            objects.append((template, position))

        for index in range(int(rng.poisson(self.layout.trees))):
            tree = street_objects.tree(rng, variants=textures.TREE_VARIANTS)
            stand(tree, 3.0 + 7.0 * index + float(rng.uniform(0, 3)), 0.8)
        if rng.uniform() < 0.75:
            stand(street_objects.lamp(rng, side), float(rng.uniform(0, 24)))
        for _ in range(int(rng.integers(0, 3))):
            stand(street_objects.sign(rng), float(rng.uniform(0, 24)))
        if rng.uniform() < 0.2:
            stand(street_objects.traffic_light(rng), float(rng.uniform(0, 24)))
        return objects

    def _parked(self, rng, cell, side):
        parts = []
        crossing = self.traffic.crossing(cell)
        x = side * (self.layout.half_width - 1.1)
        for place in range(4):
            z = cell * STRETCH + 6.0 * place + float(rng.uniform(0.2, 0.9))
            if rng.uniform() >= self.layout.parked:
                continue
            if crossing is not None and z - 3 < crossing < z + 7:
                continue
            car = street_cars.car(rng)
            # A car's origin is its tail; on the left it faces the camera.
            if side < 0:
                car, z = s.turned(car), z + 4.9
            position = (x + float(rng.uniform(-0.12, 0.12)), 0.0, z)
            key = s.object_key(6 + (side > 0), cell, place)
            parts.append(s.placed(car, position, key=key))
        return parts

    def _zebra(self, cell):
        half = self.layout.half_width
        grey = (self._asphalt,) * 3
        row = surface(
            (-half, 0.004, self.traffic.crossing(cell) - 1.5),
            (2 * half, 0.0, 0.0),
            (0.0, 0.0, 3.0),
            s.ROAD,
            Material.ASPHALT,
            grey,
            outward=(0, 1, 0),
            detail=(half, 0.0, 0.0, 1.0, self._offset),
        )
        return surfaces([row], s.object_key(8, cell))
