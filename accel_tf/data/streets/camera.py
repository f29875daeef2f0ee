"""The pinhole camera that looks at a street."""

import dataclasses
import math

import numpy as np

# Focal length in image widths: 62 degrees from the left to the right border.
_FOCAL = 0.83
_NEAR = 0.3  # metres; nothing closer is drawn


@dataclasses.dataclass(frozen=True)
class Camera:
    """A pinhole camera; pixel centres have integer coordinates."""

    position: np.ndarray
    axes: np.ndarray  # rows: right, down, forward, in world coordinates
    height: int
    width: int

    @classmethod
    def at(cls, path, time, height, width):
        """The camera of a `layout.CameraPath` at a time."""
        yaw, pitch, roll = path.angles(time)
        sin_y, cos_y = math.sin(yaw), math.cos(yaw)
        sin_p, cos_p = math.sin(pitch), math.cos(pitch)
        sin_r, cos_r = math.sin(roll), math.cos(roll)
        forward = np.array([sin_y * cos_p, sin_p, cos_y * cos_p])
        right = np.array([cos_y, 0.0, -sin_y])
        down = np.array([sin_y * sin_p, -cos_p, cos_y * sin_p])
        axes = [
            cos_r * right + sin_r * down,
            cos_r * down - sin_r * right,
            forward,
        ]
        return cls(path.position(time), np.stack(axes), height, width)

    @property
    def focal(self):
        """Focal length in pixels."""
        return _FOCAL * self.width

    @property
    def center(self):
        """The principal point (x, y) in pixels."""
        return (self.width - 1) / 2, (self.height - 1) / 2

    def turned(self, vectors):
        """World vectors [n, 3] in camera axes."""
        # Written out: a matrix product may differ between machines.
        x, y, z = vectors[:, 0:1], vectors[:, 1:2], vectors[:, 2:3]
        axes = self.axes
        return x * axes[:, 0] + y * axes[:, 1] + z * axes[:, 2]

    def frames(self, origin, u_axis, v_axis):
        """The matrix columns u_axis, v_axis and origin in camera axes."""
        return (
            self.turned(u_axis),
            self.turned(v_axis),
            self.turned(origin - self.position),
        )


def pixel_coefficients(rows, camera):
    """Turns `rows . ray` [n, 3] into coefficients of (x, y, 1)."""
    focal, (center_x, center_y) = camera.focal, camera.center
    x, y = rows[:, 0] / focal, rows[:, 1] / focal
    return np.stack([x, y, rows[:, 2] - x * center_x - y * center_y])


def bounds(frames, camera):
    """Image rectangle and depth range of parallelograms.

    Returns:
        float [n, 4] (left, top, right, bottom) and the smallest depth [n],
        infinite for what lies behind the camera.
    """
    u_axis, v_axis, origin = frames
    corners = np.stack(
        [origin, origin + u_axis, origin + u_axis + v_axis, origin + v_axis], 1
    )
    following = np.roll(corners, -1, axis=1)
    depth, next_depth = corners[..., 2], following[..., 2]
    crosses = (depth - _NEAR) * (next_depth - _NEAR) < 0
    step = np.where(crosses, next_depth - depth, 1.0)
    share = ((_NEAR - depth) / step)[..., None]
    points = np.concatenate(
        [corners, corners + share * (following - corners)], 1
    )
    valid = np.concatenate([depth >= _NEAR, crosses], 1)
    z = np.where(valid, points[..., 2], 1.0)
    x = camera.focal * points[..., 0] / z + camera.center[0]
    y = camera.focal * points[..., 1] / z + camera.center[1]
    low, high = np.where(valid, 0.0, np.inf), np.where(valid, 0.0, -np.inf)
    rectangle = np.stack(
        [
            (x + low).min(1),
            (y + low).min(1),
            (x + high).max(1),
            (y + high).max(1),
        ],
        1,
    )
    return rectangle, (z + low).min(1)
