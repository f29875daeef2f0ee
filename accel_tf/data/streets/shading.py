"""From what a camera sees of a street to an image."""

import numpy as np

from accel_tf.data.streets import materials as street_materials
from accel_tf.data.streets.materials import PAINTERS, Samples
from accel_tf.data.streets.surfaces import Material
from accel_tf.data.streets.textures import clamp

# Deviation of the sensor's noise, display values 0..1.
_NOISE = 0.008


def _lengths(vectors):
    return np.sqrt((vectors * vectors).sum(1)).astype(np.float32)


def _surface_table(surfaces):
    """Properties of the surfaces, contiguous, for look-up by sample."""
    return {
        "length": _lengths(surfaces["u_axis"]),
        "height": _lengths(surfaces["v_axis"]),
        "color": np.ascontiguousarray(surfaces["color"]),
        "accent": np.ascontiguousarray(surfaces["accent"]),
        "detail": np.ascontiguousarray(surfaces["detail"].T),
    }


def _incident_light(surfaces, light):
    """Light on each surface: from the sky and from the sun, [n, 3] each."""
    normal = surfaces["normal"]
    cosine = np.clip((normal * light.sun_direction).sum(1), 0, 1)
    # Silhouettes stand for rounded things: half of them is always lit.
    is_round = ~normal.any(1)
    cosine = np.where(is_round, 0.5, cosine)
    upward = np.where(is_round, 0.4, normal[:, 1])
    ambient = (0.82 + 0.18 * upward)[:, None] * light.ambient
    sun = cosine[:, None] * light.sun
    return ambient.astype(np.float32), sun.astype(np.float32)


def haze_share(depth, distance):
    """About 1 - exp(-depth / distance), the same on every machine."""
    x = depth * np.float32(1 / distance)
    return 1 - 1 / (1 + x * (1 + x * (np.float32(0.5) + x / 6)))


class Shader:
    """Paints one `View`.

    Args:
        view: `render.View`.
        light: `layout.Light`.
        blocking: what `StreetScene.sun_blocking` returned.
    """

    def __init__(self, view, light, blocking):
        self._view = view
        self._light = light
        self._blocking = blocking
        shape = view.index.shape
        self._index = view.index.ravel()
        self._x = np.broadcast_to(view.x[:, None, :], shape).ravel()
        self._y = np.broadcast_to(view.y[:, :, None], shape).ravel()

    def image(self, rng):
        """uint8 [height, width, 3]; `rng` draws the sensor's noise."""
        height, width = self._view.camera.height, self._view.camera.width
        mixed, needed = self._sampling()
        linear = np.empty((len(self._index), 3), np.float32)
        material = self._view.surfaces["material"].take(
            self._index.take(needed)
        )
        chosen = needed.take(np.argsort(material, kind="stable"))
        linear[chosen] = self._paint(chosen, np.bincount(material))
        # On borders the centre counts half, the corners the other half.
        corner = mixed + len(self._index) // 2
        around = sum(
            linear.take(corner + step, 0)
            for step in (0, 1, width + 1, width + 2)
        )
        linear[mixed] = 0.5 * linear.take(mixed, 0) + 0.125 * around
        result = linear.reshape(*self._view.index.shape, 3)[0, :height, :width]
        result = np.sqrt(result)
        result += _NOISE * rng.standard_normal(result.shape, np.float32)
        return (255 * clamp(result, 0, 1) + 0.5).astype(np.uint8)

    def _sampling(self):
        """Where one sample is not enough, and which samples to paint.

        Patterns are filtered by their painters, so corners matter only to
        pixels on the border between two surfaces.

        Returns:
            Flat indices of the centres of those pixels, and of all samples to
            paint.
        """
        center, corner = self._view.index
        inner = center[:-1, :-1]
        mixed = np.zeros(center.shape, bool)
        border = mixed[:-1, :-1]
        needed = np.zeros(self._view.index.shape, bool)
        needed[0, :-1, :-1] = True
        quadrants = [
            (rows, columns)
            for rows in (np.s_[:-1], np.s_[1:])
            for columns in (np.s_[:-1], np.s_[1:])
        ]
        for quadrant in quadrants:
            border |= inner != corner[quadrant]
        for quadrant in quadrants:
            needed[1][quadrant] |= border
        return np.flatnonzero(mixed), np.flatnonzero(needed)

    def _paint(self, chosen, counts):
        """Linear RGB of samples.

        Args:
            chosen: flat indices of the samples, ordered by material.
            counts: number of samples of each material.
        """
        view, light = self._view, self._light
        table = _surface_table(view.surfaces)
        index, *position, depth = self._locate(chosen)
        color = np.zeros((len(chosen), 3), np.float32)
        backdrop = []
        stop = 0
        for material, count in enumerate(counts.tolist()):
            start, stop = stop, stop + count
            if not count:
                continue
            part = np.s_[start:stop]
            samples = Samples(
                index[part], *(values[part] for values in position), table
            )
            if material == Material.SKY:
                backdrop.append((part, street_materials.sky(samples, light)))
            elif material == Material.SKYLINE:
                painted = street_materials.skyline(samples, light)
                backdrop.append((part, painted))
            else:
                np.maximum(PAINTERS[material](samples), 0, out=color[part])
        color *= color
        color *= self._received(chosen, index, depth)
        haze = light.horizon.astype(np.float32)
        share = haze_share(depth, light.haze_distance)
        color += share[:, None] * (haze - color)
        for part, painted in backdrop:
            color[part] = painted
        return color

    def _locate(self, chosen):
        """Surface, u, v, the size of a pixel along both, and depth."""
        index = self._index.take(chosen).astype(np.intp)
        x, y = self._x.take(chosen), self._y.take(chosen)
        rows = [row.take(index) for row in self._view.coefficients]
        u = x * rows[0] + y * rows[1] + rows[2]
        v = x * rows[3] + y * rows[4] + rows[5]
        depth = x * rows[6] + y * rows[7] + rows[8]
        depth = 1 / np.maximum(depth, np.float32(1e-6))
        u *= depth
        v *= depth
        # How far u and v change from one pixel to the next.
        du = np.abs(rows[0] - u * rows[6])
        du += np.abs(rows[1] - u * rows[7])
        dv = np.abs(rows[3] - v * rows[6])
        dv += np.abs(rows[4] - v * rows[7])
        du *= depth
        dv *= depth
        return index, u, v, du, dv, depth

    def _received(self, chosen, index, depth):
        """Light that arrives at samples, linear RGB [n, 3]."""
        ambient, sun = _incident_light(self._view.surfaces, self._light)
        shadow = self._view.shadow.ravel().take(chosen)
        received = sun.take(index, 0)
        received *= (shadow * self._sunlit(chosen, depth))[:, None]
        shadow = np.float32(0.3) + np.float32(0.7) * shadow
        received += ambient.take(index, 0) * shadow[:, None]
        return received

    def _sunlit(self, chosen, depth):
        """1 where the sun reaches a sample, 0 in the shade of a building."""
        wall, start, step, heights = self._blocking
        camera, direction = self._view.camera, self._light.sun_direction
        if abs(direction[0]) < 0.05:
            return np.float32(1)
        x, y = self._x.take(chosen), self._y.take(chosen)
        across = (x - camera.center[0]) / camera.focal
        down = (y - camera.center[1]) / camera.focal
        right_axis, down_axis, forward = camera.axes

        def world(axis):
            ray = across * float(right_axis[axis])
            ray += down * float(down_axis[axis])
            ray += float(forward[axis])
            ray *= depth
            return ray

        # Where the ray to the sun meets the building line on that side.
        to_wall = wall - float(camera.position[0])
        distance = (to_wall - world(0)) * float(1 / direction[0])
        height = world(1) + float(camera.position[1])
        height += distance * float(direction[1])
        z = world(2) + distance * float(direction[2])
        place = (z + float(camera.position[2] - start)) / step
        place = clamp(place, 0, len(heights) - 1).astype(np.intp)
        above = height - heights.take(place)
        lit = clamp(above * np.float32(2.5) + np.float32(0.5), 0, 1)
        lit[distance < 0.02] = 1
        return lit
