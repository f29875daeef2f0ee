"""Cars as planar patches."""

from accel_tf.data.streets import surfaces as s
from accel_tf.data.streets.surfaces import (
    Mask,
    Material,
    choice,
    shadow,
    surface,
    surfaces,
)

_CAR_COLORS = (
    (0.86, 0.87, 0.88),
    (0.70, 0.72, 0.74),
    (0.38, 0.40, 0.42),
    (0.12, 0.12, 0.13),
    (0.62, 0.09, 0.09),
    (0.12, 0.22, 0.47),
    (0.30, 0.42, 0.55),
    (0.20, 0.32, 0.24),
    (0.66, 0.60, 0.50),
    (0.85, 0.62, 0.12),
)
# Length, width, height, height of the belt line, of the bonnet's front end and
# of the rear deck; then where along the car, from behind, the rear window
# begins and ends and the windscreen ends and begins.
_CAR_BODIES = (
    (4.0, 1.76, 1.48, 0.95, 0.74, 0.92, 0.10, 0.60, 2.35, 3.15),  # hatchback
    (4.6, 1.80, 1.44, 0.95, 0.72, 0.93, 0.70, 1.50, 2.80, 3.55),  # saloon
    (4.6, 1.80, 1.48, 0.95, 0.72, 0.92, 0.08, 0.55, 2.80, 3.55),  # estate
    (4.5, 1.86, 1.68, 1.08, 0.90, 1.05, 0.08, 0.50, 2.65, 3.35),  # off-roader
    (5.0, 1.94, 2.00, 1.20, 0.98, 1.18, 0.04, 0.18, 3.60, 4.40),  # van
)


def car(rng):
    """A car: a side profile drawn out over the car's width.

    Its origin lies on the ground below the middle of its tail; it faces +z.

    Returns:
        A `SURFACE` array, metres.
    """
    scale = float(rng.uniform(0.96, 1.04))
    length, width, height, belt, nose, deck, *stations = (
        scale * value for value in choice(rng, _CAR_BODIES)
    )
    window_rear, roof_rear, roof_front, window_front = stations
    paint = choice(rng, _CAR_COLORS)
    half, inset = width / 2, 0.13 * scale
    across = (width, 0.0, 0.0)
    radius = 0.31 * scale
    wheels = (0.19 * length, 0.80 * length, radius)
    glass_height = height - belt

    def part(origin, v_axis, material, outward, **options):
        return surface(
            origin,
            options.pop("u_axis", across),
            v_axis,
            s.CAR,
            material,
            paint,
            outward=outward,
            **options,
        )

    rows = [shadow(width + 0.9, length + 0.9, 0.85, center=(0, length / 2))]
    for z, top, outward, light in (
        (0.0, deck, (0, 0, -1), (0.75, 0.05, 0.04)),
        (length, nose, (0, 0, 1), (0.95, 0.95, 0.90)),
    ):
        rows.append(
            part(
                (-half, 0.0, z),
                (0.0, top, 0.0),
                Material.CAR_END,
                outward,
                accent=light,
                mask=Mask.CAR_END,
                mask_parameters=(width, top, 0.20 * scale),
                detail=(width, top, float(outward[2] > 0)),
            )
        )
    lean = inset / width
    for base, slope in (
        (window_rear, roof_rear - window_rear),
        (window_front, roof_front - window_front),
    ):
        rows.append(
            part(
                (-half, belt, base),
                (0.0, glass_height, slope),
                Material.CAR_GLASS,
                (0, 1, -slope),
                mask=Mask.TRAPEZOID,
                mask_parameters=(0.0, lean, 1.0, -lean),
            )
        )
    up = (0, 1, 0)
    for origin, v_axis in (
        ((-half, deck, 0.0), (0.0, belt - deck, window_rear)),
        (
            (-half, belt, window_front),
            (0.0, nose - belt, length - window_front),
        ),
    ):
        rows.append(part(origin, v_axis, Material.CAR_PAINT, up))
    rows.append(
        part(
            (inset - half, height, roof_rear),
            (0.0, 0.0, roof_front - roof_rear),
            Material.CAR_PAINT,
            up,
            u_axis=(width - 2 * inset, 0.0, 0.0),
        )
    )
    along = (0.0, 0.0, length)
    profile = (deck, window_rear, window_front, nose)
    for side in (-1, 1):
        rows.append(
            part(
                (side * half, 0.0, 0.0),
                (0.0, belt, 0.0),
                Material.CAR_SIDE,
                (side, 0, 0),
                u_axis=along,
                mask=Mask.CAR_SIDE,
                mask_parameters=(length, belt, *profile, *wheels),
                detail=(length, belt, *wheels),
            )
        )
        rows.append(
            part(
                (side * half, belt, 0.0),
                (-side * inset, glass_height, 0.0),
                Material.CAR_GLASS,
                (side, 0, 0),
                u_axis=along,
                mask=Mask.TRAPEZOID,
                mask_parameters=(
                    window_rear / length,
                    (roof_rear - window_rear) / length,
                    window_front / length,
                    (roof_front - window_front) / length,
                ),
                # Pillars: rear, middle, front.
                detail=(1.0, roof_rear / length, 0.5, roof_front / length),
            )
        )
    return surfaces(rows)
