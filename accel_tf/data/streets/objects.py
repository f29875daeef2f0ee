"""Persons, trees and street furniture as planar patches.

Every function returns a `SURFACE` array around the object's own origin on the
ground, facing +z (away from the camera of `scene`); metres.
"""

import math

from accel_tf.data.streets import surfaces as s
from accel_tf.data.streets.surfaces import (
    Mask,
    Material,
    choice,
    shadow,
    surface,
    surfaces,
)

_CLOTHES = (
    (0.13, 0.14, 0.17),
    (0.20, 0.24, 0.36),
    (0.45, 0.13, 0.14),
    (0.75, 0.74, 0.70),
    (0.33, 0.36, 0.30),
    (0.62, 0.47, 0.28),
    (0.20, 0.38, 0.56),
    (0.78, 0.55, 0.16),
    (0.42, 0.42, 0.44),
    (0.60, 0.30, 0.42),
)
_TROUSERS = (
    (0.12, 0.13, 0.16),
    (0.17, 0.21, 0.32),
    (0.28, 0.27, 0.26),
    (0.46, 0.40, 0.31),
    (0.24, 0.30, 0.42),
)
_SKIN = ((0.85, 0.66, 0.55), (0.72, 0.51, 0.39), (0.47, 0.32, 0.24))
_HAIR = ((0.10, 0.08, 0.07), (0.28, 0.19, 0.12), (0.60, 0.50, 0.33))
_SIGNS = (  # face colour, accent colour, width, height, round
    ((0.12, 0.30, 0.65), (0.95, 0.95, 0.95), 0.6, 0.6, False),
    ((0.80, 0.10, 0.12), (0.95, 0.95, 0.95), 0.65, 0.65, True),
    ((0.12, 0.30, 0.65), (0.95, 0.95, 0.95), 0.65, 0.65, True),
    ((0.92, 0.74, 0.10), (0.95, 0.95, 0.95), 0.6, 0.6, False),
    ((0.88, 0.88, 0.86), (0.15, 0.15, 0.15), 0.5, 0.8, False),
)
_POLE_COLORS = ((0.34, 0.36, 0.36), (0.48, 0.49, 0.49), (0.20, 0.25, 0.23))


def person(rng, *, seen_from_the_side=False, facing_camera=False, child=False):
    """A standing person; `walk` moves the legs.

    The surfaces are the shadow, the body and the two legs, in this order.
    """
    height = float(rng.uniform(1.05, 1.35) if child else rng.uniform(1.56, 1.9))
    coat, trousers = choice(rng, _CLOTHES), choice(rng, _TROUSERS)
    skin, hair = choice(rng, _SKIN), choice(rng, _HAIR)
    stout = float(rng.uniform(0.9, 1.2)) * (0.8 if seen_from_the_side else 1.0)
    hem = float(rng.uniform(0.36, 0.47)) * height
    view = 2.0 if seen_from_the_side else float(facing_camera)
    body_width, leg_width, hip = 0.5 * height, 0.17 * height, 0.49 * height
    rows = [
        shadow(0.7, 0.5, 0.5),
        surface(
            (-body_width / 2, hem, 0.0),
            (body_width, 0.0, 0.0),
            (0.0, height - hem, 0.0),
            s.PERSON,
            Material.PERSON_BODY,
            coat,
            accent=skin,
            mask=Mask.PERSON_BODY,
            mask_parameters=(body_width, height, hem, stout, view),
            detail=(height, hem, view, *hair, stout),
        ),
    ]
    stance = 0.0 if seen_from_the_side else 0.052 * height * stout
    for side in (-1, 1):
        rows.append(
            surface(
                (side * stance - leg_width / 2, 0.0, side * 0.06),
                (leg_width, 0.0, 0.0),
                (0.0, hip, 0.0),
                s.PERSON,
                Material.PERSON_LEG,
                trousers,
                mask=Mask.PERSON_LEG,
                mask_parameters=(view,),
                detail=(hip,),
            )
        )
    return surfaces(rows)


def walk(template, phase, previous_phase):
    """A copy of a `person` in the middle of a step.

    Args:
        template: what `person` returned.
        phase, previous_phase: where in the cycle of two steps it is now and
            one time step before, in radians.
    """
    result = template.copy()
    body, legs = result[1:2], result[2:]
    view = float(body["mask_parameters"][0, 4])
    # Seen from the side the legs swing along x, else along z.
    axis = 0 if view == 2.0 else 2
    hip = float(legs["v_axis"][0, 1])
    for prefix, angle in (("", phase), ("previous_", previous_phase)):
        swing = 0.42 * math.sin(angle)
        lean, upright = hip * math.sin(swing), hip * math.cos(swing)
        # The hips stay in place, the feet swing to opposite sides.
        v_axes = [[0.0, upright, 0.0], [0.0, upright, 0.0]]
        v_axes[0][axis], v_axes[1][axis] = -lean, lean
        legs[prefix + "v_axis"] = v_axes
        feet = legs[prefix + "origin"]
        feet[:, 1] += hip - upright
        feet[:, axis] += (lean, -lean)
        body[prefix + "origin"][0, 1] += 0.02 * math.cos(2 * angle)
    return result


def tree(rng, *, variants):
    """A tree, one silhouette facing the street's direction.

    `variants` is the number of silhouettes to choose from.
    """
    height = float(rng.uniform(4.5, 9.0))
    width = height * float(rng.uniform(0.55, 0.85))
    green = (
        float(rng.uniform(0.22, 0.40)),
        float(rng.uniform(0.36, 0.48)),
        float(rng.uniform(0.12, 0.22)),
    )
    trunk = (0.30, 0.24, 0.19)
    variant = float(rng.integers(variants))
    offset = float(rng.uniform(0, 8))
    crown = surface(
        (-width / 2, 0.0, 0.0),
        (width, 0.0, 0.0),
        (0.0, height, 0.0),
        s.VEGETATION,
        Material.LEAVES,
        green,
        accent=trunk,
        mask=Mask.TREE,
        mask_parameters=(variant, width, height),
        detail=(variant, offset),
    )
    return surfaces([shadow(0.7 * width, 0.6 * width, 0.35), crown])


def _pole_part(origin, width, height, color):
    return surface(
        (origin[0] - width / 2, origin[1], origin[2]),
        (width, 0.0, 0.0),
        (0.0, height, 0.0),
        s.POLE,
        Material.POLE,
        color,
    )


def lamp(rng, side):
    """A street lamp whose arm reaches over the road; side is -1 or 1."""
    height = float(rng.uniform(6.0, 8.0))
    reach = float(rng.uniform(1.2, 2.0))
    color = choice(rng, _POLE_COLORS)
    rows = [
        _pole_part((0.0, 0.0, 0.0), 0.16, height, color),
        _pole_part((0.0, 0.0, -0.01), 0.24, 1.1, color),
        _pole_part((-side * reach / 2, height, 0.0), reach, 0.10, color),
        _pole_part((-side * reach, height - 0.06, 0.0), 0.7, 0.16, color),
    ]
    return surfaces(rows)


def sign(rng):
    """A traffic sign on a thin pole."""
    height = float(rng.uniform(2.2, 2.9))
    color, accent, width, face_height, is_round = choice(rng, _SIGNS)
    grey = choice(rng, _POLE_COLORS)
    face = surface(
        (-width / 2, height - face_height, -0.05),
        (width, 0.0, 0.0),
        (0.0, face_height, 0.0),
        s.POLE,
        Material.SIGN,
        color,
        accent=accent,
        mask=Mask.ELLIPSE if is_round else Mask.NONE,
        detail=(float(is_round), float(rng.integers(3))),
    )
    return surfaces([_pole_part((0.0, 0.0, 0.0), 0.09, height, grey), face])


def traffic_light(rng):
    """A signal head on a pole."""
    height = float(rng.uniform(3.0, 3.6))
    color = choice(rng, _POLE_COLORS)
    head = surface(
        (-0.16, height - 1.0, -0.05),
        (0.32, 0.0, 0.0),
        (0.0, 0.95, 0.0),
        s.POLE,
        Material.SIGN,
        (0.10, 0.10, 0.10),
        detail=(2.0, float(rng.integers(3))),
    )
    return surfaces([_pole_part((0.0, 0.0, 0.0), 0.13, height, color), head])
