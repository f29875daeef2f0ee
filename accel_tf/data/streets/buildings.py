"""Buildings, gardens and the row behind them, for one side of a street."""

import dataclasses

from accel_tf.data.streets import objects as street_objects
from accel_tf.data.streets import surfaces as s
from accel_tf.data.streets import textures
from accel_tf.data.streets.surfaces import Mask, Material, choice, surface

_WALLS = (
    (0.78, 0.72, 0.60),
    (0.84, 0.81, 0.75),
    (0.62, 0.38, 0.30),
    (0.52, 0.33, 0.27),
    (0.74, 0.62, 0.44),
    (0.66, 0.65, 0.63),
    (0.80, 0.70, 0.62),
    (0.58, 0.60, 0.62),
    (0.72, 0.76, 0.70),
    (0.47, 0.45, 0.43),
)
_ROOFS = ((0.44, 0.24, 0.19), (0.33, 0.31, 0.32), (0.38, 0.28, 0.23))
_SHOPS = (
    (0.55, 0.12, 0.12),
    (0.12, 0.28, 0.45),
    (0.16, 0.36, 0.22),
    (0.75, 0.60, 0.20),
    (0.25, 0.22, 0.24),
    (0.80, 0.78, 0.74),
)


@dataclasses.dataclass(frozen=True)
class Building:
    """A box whose street front is the plane x = side * front."""

    side: int
    front: float
    start: float  # z of the wall that faces the camera
    length: float
    height: float
    depth: float


def building_rows(rng, building):
    """Front, near end wall and roof of a building."""
    b = building
    wall = choice(rng, _WALLS)
    shade = float(rng.uniform(0.88, 1.08))
    wall = tuple(shade * channel for channel in wall)
    floor = float(rng.uniform(2.9, 3.6))
    bay = b.length / max(1, round(b.length / float(rng.uniform(1.9, 3.4))))
    shop = float(rng.uniform() < 0.45)
    style = (
        floor,
        bay,
        float(rng.uniform(0.42, 0.68)),  # window width, share of the bay
        float(rng.uniform(0.45, 0.62)),  # window height, share of the floor
        shop,
    )
    seed = float(rng.integers(4000))
    accent = choice(rng, _SHOPS)
    x = b.side * b.front
    inward = (-b.side, 0, 0)

    def wall_surface(origin, u_axis, outward, **options):
        return surface(
            origin,
            u_axis,
            options.pop("v_axis", (0.0, b.height, 0.0)),
            s.BUILDING,
            options.pop("material", Material.FACADE),
            options.pop("color", wall),
            outward=outward,
            accent=accent,
            **options,
        )

    rows = [
        wall_surface(
            (x, 0.0, b.start),
            (0.0, 0.0, b.length),
            inward,
            detail=(*style, b.height, seed),
        ),
        wall_surface(
            (x, 0.0, b.start),
            (b.side * b.depth, 0.0, 0.0),
            (0, 0, -1),
            # End walls have few windows and no shop.
            detail=(floor, 2.2 * bay, 0.22, style[3], 0.0, b.height, seed),
        ),
    ]
    if b.height < 13 and rng.uniform() < 0.6:
        rise = 0.32 * b.depth
        roof = choice(rng, _ROOFS)
        slope = (b.side * b.depth / 2, rise, 0.0)
        rows.append(
            wall_surface(
                (x, b.height, b.start),
                (0.0, 0.0, b.length),
                (-b.side, 1, 0),
                v_axis=slope,
                material=Material.ROOF,
                color=roof,
                detail=(seed,),
            )
        )
        rows.append(
            wall_surface(
                (x, b.height, b.start),
                (b.side * b.depth, 0.0, 0.0),
                (0, 0, -1),
                v_axis=(0.0, rise, 0.0),
                mask=Mask.TRAPEZOID,
                mask_parameters=(0.0, 0.5, 1.0, -0.5),
                detail=(floor, 90.0, 0.0, 0.0, 0.0, rise, seed),
            )
        )
    return rows


def _hedge(rng, side, front, start, length):
    height = float(rng.uniform(1.1, 2.2))
    offset = float(rng.uniform(0, 6))
    green = (0.24, 0.36 + 0.08 * float(rng.uniform()), 0.15)
    return surface(
        (side * front, 0.0, start),
        (0.0, 0.0, length),
        (0.0, height, 0.0),
        s.VEGETATION,
        Material.HEDGE,
        green,
        mask=Mask.HEDGE,
        mask_parameters=(length, height, offset),
        detail=(offset,),
    )


def street_side(rng, *, side, front, start, length, open_share, tall):
    """What lies behind the pavement along one stretch of the street.

    Args:
        rng: numpy Generator.
        side: -1 (left) or 1 (right).
        front: distance of the building line from the street's middle, metres.
        start, length: the stretch, along z, in metres.
        open_share: probability that a plot is a garden.
        tall: mean number of floors.

    Returns:
        The rows of the surfaces at rest, the trees as (template, position)
        pairs, and the buildings at the front (for the shadows they cast).
    """
    plots = int(rng.integers(1, 4))
    cuts = [0.0, *sorted(rng.uniform(0.25, 0.75, plots - 1).tolist()), 1.0]
    rows, trees, buildings = [], [], []
    for low, high in zip(cuts[:-1], cuts[1:], strict=True):
        plot_start, plot = start + low * length, (high - low) * length
        if plot < 3:
            continue
        if rng.uniform() >= open_share:
            floors = max(1.0, float(rng.normal(tall, 1.3)))
            building = Building(
                side,
                front
                + (float(rng.uniform(0, 2)) if rng.uniform() < 0.3 else 0),
                plot_start,
                plot,
                3.2 * floors + float(rng.uniform(0.4, 1.6)),
                float(rng.uniform(8, 13)),
            )
            buildings.append(building)
            rows += building_rows(rng, building)
            continue
        rows.append(_hedge(rng, side, front + 0.1, plot_start, plot))
        behind = Building(
            side,
            front + float(rng.uniform(16, 26)),
            plot_start - 6.0,
            plot + 12.0,
            3.2 * float(rng.uniform(1.5, tall + 3)),
            10.0,
        )
        rows += building_rows(rng, behind)
        for _ in range(int(rng.integers(1, 4))):
            x = side * (front + float(rng.uniform(2.5, 10)))
            z = plot_start + float(rng.uniform(0.1, 0.9)) * plot
            template = street_objects.tree(rng, variants=textures.TREE_VARIANTS)
            trees.append((template, (x, 0.0, z)))
    return rows, trees, buildings
