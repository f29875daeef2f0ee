"""How cars, persons, poles and signs are painted; see `materials`."""

import numpy as np

from accel_tf.data.streets.surfaces import Material
from accel_tf.data.streets.textures import band, clamp, disc, mix, noise


def _pole(p):
    # Rounded: brighter on one side.
    across = p.u / p.length
    return p.color * (0.75 + 0.6 * across * (1.3 - across))[:, None]


def _sign(p):
    kind, drawing = p.detail(0), p.detail(1)
    x, y = p.u / p.length - 0.5, p.v / p.height - 0.5
    dx, dy = p.du / p.length, p.dv / p.height
    color, size = p.color, np.maximum(dx, dy)
    # Square signs have a border, round ones a ring or a bar.
    square = kind == 0
    round_ = kind == 1
    border = 1 - band(x, -0.43, 0.43, dx) * band(y, -0.43, 0.43, dy)
    mix(color, p.accent, square * border)
    inner = disc(x, y, np.float32(0.34), size)
    bar = band(x, -0.34, 0.34, dx) * band(y, -0.08, 0.08, dy)
    plain = np.where(drawing == 0, bar, inner)
    mix(color, p.accent, round_ * plain)
    arrow = band(x, -0.07, 0.07, dx) * band(y, -0.3, 0.3, dy)
    mix(color, p.accent, square * arrow * 0.9)
    # A traffic light shows one of its lamps.
    lamps = ((0.9, 0.1, 0.08), (0.95, 0.65, 0.1), (0.1, 0.8, 0.3))
    for number, lamp in enumerate(lamps):
        spot = disc(x, 3 * (y - 0.31 + 0.31 * number), np.float32(0.34), size)
        lit = np.where(drawing == number, np.float32(1), np.float32(0.12))
        mix(color, lamp, (kind == 2) * spot * lit)
    return color


def _car_paint(p):
    return p.color


def _car_side(p):
    length, belt = p.detail(0), p.detail(1)
    z, y, dz, dy = p.u, p.v, p.du, p.dv
    radius = p.detail(4)
    color = p.color
    tone = 0.80 + 0.28 * y / belt + 0.10 * band(y, 0.78 * belt, belt, dy)
    for seam in (0.30, 0.50, 0.71):
        place = seam * length
        line = band(z, place - 0.012, place + 0.012, dz)
        tone -= 0.35 * line * band(y, 0.32, belt, dy)
    color *= tone[:, None]
    handles = band(z, 0.44 * length, 0.475 * length, dz)
    handles += band(z, 0.63 * length, 0.665 * length, dz)
    mix(color, (0.15, 0.15, 0.15), handles * band(y, 0.72, 0.76, dy))
    mix(color, (0.10, 0.10, 0.11), band(y, -1, 0.30, dy))
    size = np.maximum(dz, dy)
    # Lights wrap around both ends.
    ends = band(y, 0.60, 0.78, dy)
    mix(color, (0.62, 0.06, 0.05), ends * band(z, -1, 0.16, dz))
    mix(color, (0.85, 0.85, 0.80), ends * band(z, length - 0.25, length, dz))
    for number in (2, 3):
        x = z - p.detail(number)
        mix(color, (0.04,) * 3, disc(x, y - radius, radius + 0.07, size))
        mix(color, (0.09,) * 3, disc(x, y - radius, radius, size))
        mix(color, (0.55,) * 3, disc(x, y - radius, 0.64 * radius, size))
        mix(color, (0.25,) * 3, disc(x, y - radius, 0.16 * radius, size))
    return color


def _car_end(p):
    width, top, front = p.detail(0), p.detail(1), p.detail(2)
    x, y, dx, dy = np.abs(p.u - 0.5 * width), p.v, p.du, p.dv
    half = 0.5 * width
    color = p.color
    color *= (0.80 + 0.25 * y / top)[:, None]
    grille = front * band(x, -1, 0.55, dx) * band(y, 0.52, 0.72, dy)
    mix(color, (0.07, 0.07, 0.08), grille)
    bumper = band(y, 0.30, 0.46, dy)
    mix(color, (0.16, 0.16, 0.17), 0.85 * bumper)
    mix(color, (0.05, 0.05, 0.05), band(y, -1, 0.30, dy))
    plate = band(x, -1, 0.26, dx) * band(y, 0.48, 0.60, dy)
    mix(color, (0.85, 0.85, 0.82), plate)
    lamps = band(x, half - 0.38, half - 0.03, dx)
    lamps *= band(y, 0.60, 0.60 + 0.17, dy)
    return mix(color, p.accent, lamps)


def _car_glass(p):
    u, v = p.u / p.length, p.v / p.height
    du, dv = p.du / p.length, p.dv / p.height
    tone = 0.16 + 0.16 * v
    glass = tone[:, None] * np.array([0.9, 1.0, 1.12], np.float32)
    frame = 1 - band(v, 0.08, 0.90, dv)
    side = p.detail(0)
    pillars = band(u, p.detail(2) - 0.012, p.detail(2) + 0.012, du)
    pillars += band(u, p.detail(1) - 0.01, p.detail(1) + 0.03, du)
    ends = 1 - band(u, 0.06 + 0.07 * v, 0.94 - 0.07 * v, du)
    frame = np.maximum(frame, np.where(side > 0, pillars, ends))
    return mix(glass, p.color, clamp(frame, 0, 1))


def _person_body(p):
    height, hem, view = p.detail(0), p.detail(1), p.detail(2)
    hair = np.stack([p.detail(3), p.detail(4), p.detail(5)], 1)
    x = (p.u - 0.5 * p.length) / height
    y = (p.v + hem) / height
    size = p.dv / height
    color = p.color
    away = np.abs(x)
    # Rounded body, arms a little darker, hands.
    tone = 1.05 - 9.0 * away * away
    arm = away > 0.128 * p.detail(6) + 0.02
    tone -= 0.10 * arm * (view < 2)
    tone += 0.05 * noise(p.u, p.v, np.maximum(p.du, p.dv), 2.0)
    color *= tone[:, None]
    hands = arm & (y < 0.465) & (view < 2)
    color[hands] = p.accent[hands]
    head = band(y, 0.84, 2.0, size)
    mix(color, p.accent, head)
    # From behind one sees hair, from the front only its upper part.
    line = np.where(view == 1, 0.955, np.where(view == 2, 0.93, 0.88))
    covered = band(y, line, np.float32(2.0), size)
    covered = np.maximum(covered, (view == 2) * (x < -0.012) * (y > 0.88))
    return mix(color, hair, covered)


def _person_leg(p):
    y = p.v / p.detail(0)
    x = p.u / p.length - 0.5
    tone = 1.0 - 1.2 * x * x + 0.04 * noise(p.u, p.v, p.dv, 1.0)
    color = p.color
    color *= tone[:, None]
    shoe = band(y, -1.0, 0.085, p.dv / p.detail(0))
    return mix(color, (0.10, 0.09, 0.09), shoe)


OBJECT_PAINTERS = {
    Material.POLE: _pole,
    Material.SIGN: _sign,
    Material.CAR_PAINT: _car_paint,
    Material.CAR_SIDE: _car_side,
    Material.CAR_END: _car_end,
    Material.CAR_GLASS: _car_glass,
    Material.PERSON_BODY: _person_body,
    Material.PERSON_LEG: _person_leg,
}
