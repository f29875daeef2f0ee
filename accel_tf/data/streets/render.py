"""Finds which surface of a street each pixel shows, and how it moved.

A surface point is `origin + u * u_axis + v * v_axis`; with M the 3x3 matrix of
these three vectors in camera coordinates and p the ray through a pixel, the
surface is met where `(u, v, 1) / depth = inverse(M) p`. The right side is
linear in the pixel's position, which makes rasterising cheap, and going back
with the matrix of the previous time step gives the exact optical flow.
"""

import numpy as np

from accel_tf.data.streets import masks as street_masks
from accel_tf.data.streets.camera import bounds, pixel_coefficients
from accel_tf.data.streets.surfaces import PART_BITS, Mask, Material

_INFINITELY_FAR = 1e-5  # inverse depth of the sky, 1 / m
# Smaller surfaces are left out; in square pixels.
_SMALLEST_AREA = 2.0
_SMALLEST_SHADOW = 16.0
_GROUND = (Material.ASPHALT, Material.PAVING, Material.GRASS)


class View:
    """What one camera sees.

    Every pixel is sampled at its centre and at its corners: sample grid 0
    holds the centres, grid 1 the points half a pixel to the left and above,
    both [height + 1, width + 1]. The last row and column of grid 0 lie outside
    the image.

    Attributes:
        surfaces: `SURFACE` array of the surfaces in view, the sky first.
        index: int16 [2, height + 1, width + 1], the surface seen.
        inverse_depth: float32, same shape, 1 / m.
        shadow: float32, same shape, light left by the soft shadows below
            objects.
        x, y: float32 [2, width + 1] and [2, height + 1], sample positions.
    """

    def __init__(self, surfaces, camera):
        self.camera = camera
        self.all_keys = surfaces["key"]
        frames = camera.frames(
            surfaces["origin"], surfaces["u_axis"], surfaces["v_axis"]
        )
        rectangle, nearest = bounds(frames, camera)
        size = np.array([camera.width, camera.height])
        # Grid 1 reaches half a pixel further than grid 0.
        low = np.clip(np.ceil(rectangle[:, :2]), 0, size + 1)
        high = np.clip(np.floor(rectangle[:, 2:] + 0.5) + 1, 0, size + 1)
        towards = camera.position - surfaces["origin"]
        normal = surfaces["normal"]
        facing = (normal * towards).sum(1) > 0
        seen = (high > low).all(1) & np.isfinite(nearest)
        extent = rectangle[:, 2:] - rectangle[:, :2]
        least = np.where(
            surfaces["material"] == Material.SHADOW,
            _SMALLEST_SHADOW,
            _SMALLEST_AREA,
        )
        seen &= extent[:, 0] * extent[:, 1] > least
        seen &= facing | ~normal.any(1)
        seen[0] = True
        # Near surfaces first, so that most of what they hide is skipped.
        order = np.argsort(nearest, kind="stable")
        order = order[seen[order] & (order > 0)]
        order = np.concatenate([[0], order])
        self.surfaces = surfaces[order]
        self._frames = tuple(vectors[order] for vectors in frames)
        self.coefficients = self._invert()
        self._boxes = np.concatenate([low, high], 1)[order].astype(int)
        self._nearest = nearest[order]
        self._allocate()
        self._rasterise()

    def _invert(self):
        """float32 [9, n]: u / depth, v / depth and 1 / depth over (x, y, 1)."""
        u_axis, v_axis, origin = self._frames
        rows = (
            np.cross(v_axis, origin),
            np.cross(origin, u_axis),
            np.cross(u_axis, v_axis),
        )
        volume = (origin * rows[2]).sum(1)
        # A plane through the camera's centre is a line in the image.
        edge_on = np.abs(volume) < 1e-9
        scale = np.where(edge_on, 0, 1 / np.where(edge_on, 1, volume))[:, None]
        self._inverse = [row * scale for row in rows]
        coefficients = [
            pixel_coefficients(row, self.camera) for row in self._inverse
        ]
        return np.concatenate(coefficients).astype(np.float32)

    def _allocate(self):
        height, width = self.camera.height, self.camera.width
        shape = (2, height + 1, width + 1)
        self.index = np.zeros(shape, np.int16)
        self.inverse_depth = np.full(shape, _INFINITELY_FAR, np.float32)
        self.shadow = np.ones(shape, np.float32)
        offset = np.array([[0.0], [-0.5]], np.float32)
        self.x = np.arange(width + 1, dtype=np.float32) + offset
        self.y = np.arange(height + 1, dtype=np.float32) + offset

    def _rasterise(self):
        materials = self.surfaces["material"].tolist()
        self._masks = masks = self.surfaces["mask"].tolist()
        self._mask_parameters = self.surfaces["mask_parameters"].tolist()
        # [surfaces, slope x / slope y / constant, u / v / 1, 1, 1, 1]
        coefficients = np.ascontiguousarray(
            self.coefficients.reshape(3, 3, -1).transpose(2, 1, 0)
        )[..., None, None, None]
        boxes = self._boxes.tolist()
        largest = (1 / self._nearest).tolist()
        shadows = []
        for number in range(1, len(materials)):
            if materials[number] == Material.SHADOW:
                shadows.append(number)
                continue
            left, top, right, bottom = boxes[number]
            window = np.s_[:, top:bottom, left:right]
            front = self.inverse_depth[window]
            if front.min() >= largest[number]:
                continue
            inside, u, v, depth = self._cover(coefficients[number], window)
            inside &= depth > front
            if masks[number] != Mask.NONE:
                self._cut(number, inside, u, v, depth)
            np.copyto(front, depth, where=inside)
            np.copyto(self.index[window], number, where=inside)
        ground = np.isin(self.surfaces["material"], _GROUND)
        for number in shadows:
            self._cast(number, coefficients[number], boxes[number], ground)

    def _cover(self, coefficients, window):
        """Which samples of a window meet a surface, and where.

        Returns:
            bool, and u, v (both times inverse depth) and inverse depth.
        """
        _, rows, columns = window
        slope_x, slope_y, constant = coefficients
        values = self.y[:, rows, None] * slope_y + constant
        values = self.x[:, None, columns] * slope_x + values
        depth = values[2]
        # 0 <= u <= depth, and the same for v; points behind the camera, with
        # negative depth, are left to the depth test.
        within = (depth - values[:2]) * values[:2] >= 0
        return within[0] & within[1], values[0], values[1], depth

    def _cut(self, number, inside, u, v, depth):
        """Takes the points outside the surface's silhouette from `inside`."""
        inside = inside.reshape(-1)
        chosen = inside.nonzero()[0]
        if not len(chosen):
            return
        depth = depth.reshape(-1).take(chosen)
        inside[chosen] = street_masks.inside_mask(
            self._masks[number],
            u.reshape(-1).take(chosen) / depth,
            v.reshape(-1).take(chosen) / depth,
            self._mask_parameters[number],
        )

    def _cast(self, number, coefficients, box, ground):
        """Darkens the ground under an object."""
        left, top, right, bottom = box
        window = np.s_[:, top:bottom, left:right]
        inside, u, v, depth = self._cover(coefficients, window)
        inside &= ground[self.index[window]]
        if not inside.any():
            return
        depth = np.where(inside, depth, 1)
        x, z = 2 * u / depth - 1, 2 * v / depth - 1
        soft = np.maximum(np.minimum(2.2 - 2.2 * x * x, 1), 0)
        soft *= np.maximum(np.minimum(2.2 - 2.2 * z * z, 1), 0)
        strength = self.surfaces["detail"][number, 0]
        self.shadow[window] *= 1 - strength * soft * inside

    def flow(self, previous):
        """Backward optical flow of the pixel centres.

        Args:
            previous: the View one time step before.

        Returns:
            flow, float32 [height, width, 2], channels (dx, dy): position in
            the previous image minus position here; visible, bool [height,
            width]: the point seen here was inside the previous image and not
            hidden.
        """
        height, width = self.camera.height, self.camera.width
        index = self.index[0, :height, :width].astype(np.intp)
        x, y = self.x[0, :width], self.y[0, :height, None]
        moved = self._previous_coefficients(previous.camera)
        across, down, depth = (
            moved[k].take(index) * x
            + moved[k + 1].take(index) * y
            + moved[k + 2].take(index)
            for k in (0, 3, 6)
        )
        # Positive: nothing in view was behind the camera a moment before.
        depth = np.maximum(depth, np.float32(1e-6))
        previous_x = across / depth
        previous_y = down / depth
        flow = np.stack([previous_x - x, previous_y - y], -1)
        expected = self.inverse_depth[0, :height, :width] / depth
        visible = self._visible(
            previous, index, previous_x, previous_y, expected
        )
        return flow, visible

    def _previous_coefficients(self, camera):
        """float32 [9, n]: homogeneous previous pixel over (x, y, 1)."""
        rows = self.surfaces
        u_axis, v_axis, origin = camera.frames(
            rows["previous_origin"],
            rows["previous_u_axis"],
            rows["previous_v_axis"],
        )
        point = [
            self._inverse[0] * u_axis[:, k : k + 1]
            + self._inverse[1] * v_axis[:, k : k + 1]
            + self._inverse[2] * origin[:, k : k + 1]
            for k in range(3)
        ]
        center_x, center_y = camera.center
        image = (
            camera.focal * point[0] + center_x * point[2],
            camera.focal * point[1] + center_y * point[2],
            point[2],
        )
        coefficients = [pixel_coefficients(row, self.camera) for row in image]
        return np.concatenate(coefficients).astype(np.float32)

    def _visible(self, previous, index, x, y, expected):
        height, width = index.shape
        column, row = np.rint(x), np.rint(y)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        nearest = np.where(inside, row * (width + 1) + column, 0)
        nearest = nearest.astype(np.intp)
        keys = np.ascontiguousarray(self.surfaces["key"])
        previous_keys = np.ascontiguousarray(previous.surfaces["key"])
        key = keys.take(index)
        previous_key = previous_keys.take(previous.index[0].take(nearest))
        # Two surfaces of one object meet in an edge; there the nearest pixel
        # may show the other one without hiding this one.
        same_object = key >> PART_BITS == previous_key >> PART_BITS
        slack = np.where(same_object, np.float32(1.04), np.float32(1.005))
        front = previous.inverse_depth[0].take(nearest)
        known = np.isin(keys, previous.all_keys).take(index)
        unhidden = (key == previous_key) | (front <= expected * slack)
        return inside & known & unhidden
