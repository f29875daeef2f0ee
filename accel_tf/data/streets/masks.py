"""Silhouettes: which points of a parallelogram belong to the surface.

Each function takes the coordinates u, v in [0, 1] (float32 [n]) and the
surface's `mask_parameters` (floats), and returns bool [n].
"""

import numpy as np

from accel_tf.data.streets import textures
from accel_tf.data.streets.surfaces import Mask


def _trapezoid(u, v, parameters):
    left, left_slope, right, right_slope = parameters[:4]
    inside = u >= left + left_slope * v
    inside &= u <= right + right_slope * v
    return inside


def _ellipse(u, v, parameters):
    x, y = 2 * u - 1, 2 * v - 1
    return x * x + y * y <= 1


def skyline_height(u, seed):
    """Height of the distant skyline, 0 to 1, as a function of u."""
    total = 0.0
    for cells, weight in ((700, 0.35), (260, 0.4), (90, 0.25)):
        column = np.floor(u * cells)
        value = textures.cell_random(column, column * 0, seed + cells)
        total = total + weight * value
    return total


def _skyline(u, v, parameters):
    return v < skyline_height(u, np.float32(parameters[0]))


def _tree(u, v, parameters):
    variant, width, height = parameters[:3]
    inside = textures.tree_outline(variant, u, v) > 0
    inside |= (np.abs(u - 0.5) * width < 0.02 * height) & (v < 0.6)
    return inside


def _hedge(u, v, parameters):
    length, height, offset = parameters[:3]
    x = u * length + offset
    bumps = textures.noise(x, v * height, np.full_like(x, 0.02), 6.0)
    return v < 0.86 + 0.07 * bumps


def _car_side(u, v, parameters):
    length, belt, deck, window_rear, window_front, nose = parameters[:6]
    z, y = u * length, v * belt
    top = np.interp(
        z, (0.0, window_rear, window_front, length), (deck, belt, belt, nose)
    )
    inside = (y <= top) & (y > 0.20)
    radius = parameters[8]
    for center in parameters[6:8]:
        dz, dy = z - center, y - radius
        inside |= dz * dz + dy * dy < radius * radius
    return inside


def _car_end(u, v, parameters):
    width, top, clearance = parameters[:3]
    x, y = np.abs(u - 0.5) * width, v * top
    half = width / 2
    # Below the body one sees the two tyres.
    tyre = (x > half - 0.25) & (x < half - 0.04)
    return (y > clearance) | tyre


def _person_body(u, v, parameters):
    width, height, hem, stout, view = parameters[:5]
    x = np.abs(u - 0.5) * (width / height)
    y = (hem + v * (height - hem)) / height
    head_x, head_y = x / 0.052, (y - 0.925) / 0.07
    inside = head_x * head_x + head_y * head_y < 1
    inside |= (x < 0.03) & (y > 0.81) & (y < 0.9)
    torso = np.interp(
        y,
        (0.36, 0.46, 0.60, 0.74, 0.80, 0.835, 0.84),
        (0.125, 0.108, 0.092, 0.118, 0.118, 0.06, 0.0),
    )
    inside |= x < stout * torso
    if view < 2:
        # The arms hang a little away from the body.
        middle = stout * (0.142 + 0.10 * (0.80 - y))
        inside |= (np.abs(x - middle) < 0.028) & (y > 0.43) & (y < 0.805)
    return inside


def _person_leg(u, v, parameters):
    view = parameters[0]
    x = 2 * u - 1
    half = np.interp(v, (0.0, 0.08, 0.45, 1.0), (0.42, 0.36, 0.50, 0.72))
    inside = np.abs(x) < half
    if view == 2:
        inside |= (v < 0.07) & (x > -0.5) & (x < 0.95)
    return inside


_FUNCTIONS = {
    Mask.TRAPEZOID: _trapezoid,
    Mask.ELLIPSE: _ellipse,
    Mask.SKYLINE: _skyline,
    Mask.TREE: _tree,
    Mask.HEDGE: _hedge,
    Mask.CAR_SIDE: _car_side,
    Mask.CAR_END: _car_end,
    Mask.PERSON_BODY: _person_body,
    Mask.PERSON_LEG: _person_leg,
}


def inside_mask(mask, u, v, parameters):
    """Whether the points (u, v) belong to a surface with this mask."""
    return _FUNCTIONS[mask](u, v, parameters)
