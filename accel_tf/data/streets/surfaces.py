"""The planar patches that every procedural street scene consists of.

A surface is a parallelogram: its points are `origin + u * u_axis + v * v_axis`
with u and v in [0, 1], optionally cut to a silhouette by a mask. A camera sees
a parallelogram through a 3x3 homography, so depth, texture coordinates and
motion of every pixel have a closed form.
"""

import enum

import numpy as np

CLASS_NAMES = (
    "road",
    "sidewalk",
    "building",
    "pole",
    "vegetation",
    "sky",
    "person",
    "car",
)
# The colours that Cityscapes gives these classes.
CLASS_COLORS = (
    (128, 64, 128),
    (244, 35, 232),
    (70, 70, 70),
    (153, 153, 153),
    (107, 142, 35),
    (70, 130, 180),
    (220, 20, 60),
    (0, 0, 142),
)
ROAD, SIDEWALK, BUILDING, POLE, VEGETATION, SKY, PERSON, CAR = range(8)


class Material(enum.IntEnum):
    """How a surface is painted (see `materials`)."""

    SKY = 0
    SKYLINE = enum.auto()
    ASPHALT = enum.auto()
    PAVING = enum.auto()
    GRASS = enum.auto()
    FACADE = enum.auto()
    ROOF = enum.auto()
    LEAVES = enum.auto()
    HEDGE = enum.auto()
    POLE = enum.auto()
    SIGN = enum.auto()
    CAR_PAINT = enum.auto()
    CAR_SIDE = enum.auto()
    CAR_END = enum.auto()
    CAR_GLASS = enum.auto()
    PERSON_BODY = enum.auto()
    PERSON_LEG = enum.auto()
    SHADOW = enum.auto()  # darkens the ground below, is no surface itself


class Mask(enum.IntEnum):
    """Which silhouette a surface is cut to (see `masks`)."""

    NONE = 0
    TRAPEZOID = enum.auto()
    ELLIPSE = enum.auto()
    SKYLINE = enum.auto()
    TREE = enum.auto()
    HEDGE = enum.auto()
    CAR_SIDE = enum.auto()
    CAR_END = enum.auto()
    PERSON_BODY = enum.auto()
    PERSON_LEG = enum.auto()


MASK_PARAMETERS = 12
DETAIL_PARAMETERS = 8
# Bits of a key that number the surfaces of one object.
PART_BITS = 6

SURFACE = np.dtype(
    [
        # Where the surface is at the time of the frame, in metres.
        ("origin", "f8", 3),
        ("u_axis", "f8", 3),
        ("v_axis", "f8", 3),
        # Where it was one time step before.
        ("previous_origin", "f8", 3),
        ("previous_u_axis", "f8", 3),
        ("previous_v_axis", "f8", 3),
        # Outward unit normal; zero for surfaces seen from both sides.
        ("normal", "f8", 3),
        # The same number in every frame, different for every surface.
        ("key", "i8"),
        ("label", "u1"),
        ("material", "u1"),
        ("mask", "u1"),
        ("color", "f4", 3),
        ("accent", "f4", 3),
        ("mask_parameters", "f4", MASK_PARAMETERS),
        ("detail", "f4", DETAIL_PARAMETERS),
    ]
)


def surface(
    origin,
    u_axis,
    v_axis,
    label,
    material,
    color,
    *,
    outward=None,
    accent=(0.0, 0.0, 0.0),
    mask=Mask.NONE,
    mask_parameters=(),
    detail=(),
):
    """One row of a `SURFACE` array, at rest.

    Args:
        origin, u_axis, v_axis: world coordinates in metres (x right, y up,
            z forward).
        label: class index.
        material: a `Material`.
        color, accent: albedo, display RGB in 0..1; what they paint is the
            material's matter.
        outward: a vector on the visible side of the plane; None for a surface
            that is seen from both sides.
        mask: a `Mask`, with its `mask_parameters`.
        detail: the material's own parameters.

    Returns:
        A tuple for `surfaces`.
    """
    normal = (0.0, 0.0, 0.0)
    if outward is not None:
        (ux, uy, uz), (vx, vy, vz) = u_axis, v_axis
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = (nx * nx + ny * ny + nz * nz) ** 0.5
        if nx * outward[0] + ny * outward[1] + nz * outward[2] < 0:
            length = -length
        normal = (nx / length, ny / length, nz / length)
    pose = (tuple(origin), tuple(u_axis), tuple(v_axis))
    padding = (0.0,) * MASK_PARAMETERS
    return (
        *pose,
        *pose,
        normal,
        0,
        label,
        material,
        mask,
        tuple(color),
        tuple(accent),
        (*mask_parameters, *padding)[:MASK_PARAMETERS],
        (*detail, *padding)[:DETAIL_PARAMETERS],
    )


def shadow(width, length, strength, *, center=(0.0, 0.0)):
    """A soft dark patch on the ground, centred at (x, z)."""
    x, z = center
    return surface(
        (x - width / 2, 0.0, z - length / 2),
        (width, 0.0, 0.0),
        (0.0, 0.0, length),
        ROAD,
        Material.SHADOW,
        (0.0, 0.0, 0.0),
        detail=(strength,),
    )


def choice(rng, options):
    """One of a sequence of options."""
    return options[int(rng.integers(len(options)))]


def surfaces(rows, key=0):
    """A `SURFACE` array of rows; `key` numbers the object they belong to."""
    result = np.array(rows, SURFACE)
    result["key"] = (key << PART_BITS) + np.arange(len(rows))
    return result


def joined(parts):
    """Concatenates `SURFACE` arrays; as bytes, which is much faster."""
    data = [np.ascontiguousarray(part).view(np.uint8) for part in parts]
    return np.concatenate(data).view(SURFACE)


def object_key(kind, cell, index=0):
    """A number for one object of the world: kind < 2**8, index < 2**8."""
    return (((kind << 32) + cell + (1 << 31)) << 8) + index


def turned(template):
    """A copy of an object's surfaces that faces -z rather than +z."""
    result = template.copy()
    half_turn = np.array([-1.0, 1.0, -1.0])
    for field in SURFACE.names[:7]:
        result[field] *= half_turn
    return result


def placed(template, position, previous_position=None, *, key=0):
    """A copy of an object's surfaces moved to a place in the world.

    Args:
        template: `SURFACE` array around the object's own origin.
        position: (x, y, z) of that origin now, in metres.
        previous_position: the same one time step before; None: at rest.
        key: `object_key` of the object.
    """
    result = template.copy()
    result["origin"] += position
    result["previous_origin"] += (
        position if previous_position is None else previous_position
    )
    result["key"] += key << PART_BITS
    return result
