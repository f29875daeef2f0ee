"""How the surfaces of a street are painted.

Each material is a function of `Samples`: the points that a camera sees on
surfaces of that material. It returns their albedo, display RGB float32 [n, 3].
Patterns are fixed to the surface, so optical flow predicts appearance.
"""

import numpy as np

from accel_tf.data.streets.masks import skyline_height
from accel_tf.data.streets.object_materials import OBJECT_PAINTERS
from accel_tf.data.streets.surfaces import Material
from accel_tf.data.streets.textures import (
    band,
    cell_random,
    clamp,
    mix,
    noise,
    stripes,
    tree_shade,
)


class Samples:
    """Points on surfaces.

    Attributes:
        u, v: position on the surface in metres, float32 [n].
        du, dv: size of a pixel there along u and v, in metres.
        length, height: size of the surface along u and v, in metres.
        color, accent: the surface's colours, float32 [n, 3].
    """

    def __init__(self, surface_index, u, v, du, dv, table):
        self._index = surface_index
        self._table = table
        self.length = table["length"].take(surface_index)
        self.height = table["height"].take(surface_index)
        self.u, self.du = u * self.length, du * self.length
        self.v, self.dv = v * self.height, dv * self.height
        self.color = table["color"].take(surface_index, 0)

    @property
    def accent(self):
        return self._table["accent"].take(self._index, 0)

    def detail(self, number):
        """The surface's own parameter of the material, float32 [n]."""
        return self._table["detail"][number].take(self._index)


def _asphalt(p):
    half, lane = p.detail(0), p.detail(1)
    lanes, zebra = p.detail(2), p.detail(3)
    x, z = p.u - half, p.v
    size = np.maximum(p.du, 0.4 * p.dv)
    offset = p.detail(4) * np.float32(0.01)
    fine = noise(x, z, size, 3.0)
    coarse = noise(x + offset, z, size, 48.0)
    # Tyres polish two tracks in each lane.
    across = x / np.maximum(lane, 1) * 2
    across -= np.floor(across)
    tracks = 1 - 8 * across * (1 - across)
    color = p.color
    color *= (1 + 0.05 * fine + 0.07 * coarse + 0.02 * tracks)[:, None]
    # Repaired patches with a straight edge.
    cell_x, cell_z = np.floor(x / 2.5), np.floor(z / 6)
    patch = cell_random(cell_x, cell_z, p.detail(4)) > 0.88
    color *= (1 - 0.13 * patch)[:, None]
    away = np.abs(x)
    paint = band(away, -0.07, 0.07, p.du)
    dashes = stripes(z, 3.0, 8.0, p.dv)
    for line in (1, 2):
        covered = band(away, line * lane - 0.06, line * lane + 0.06, p.du)
        inner = lanes > line
        edge = lanes == line
        paint += covered * (inner * dashes + edge)
    paint *= zebra == 0
    paint += zebra * stripes(x + 40, 0.5, 1.0, p.du) * (away < half - 0.3)
    worn = clamp(0.86 + 0.12 * fine, 0, 1)
    return mix(color, (0.86, 0.86, 0.84), clamp(paint, 0, 1) * worn)


def _paving(p):
    kerb = p.detail(0)
    size = np.maximum(p.du, 0.4 * p.dv)
    rough = noise(p.u, p.v, size, 3.0)
    blotch = noise(p.u + 7, p.v, size, 24.0)
    joints = stripes(p.u, 0.03, 0.6, p.du)
    joints = np.maximum(joints, stripes(p.v, 0.03, 0.75, p.dv))
    column, row = np.floor(p.u / 0.6), np.floor(p.v / 0.75)
    slab = cell_random(column, row, column * 0) - 0.5
    slab *= clamp(1.5 - size / 0.75, 0, 1)
    # The kerb stone is lighter and has only the joints across.
    stone = np.maximum(kerb, band(p.u, -1.0, 0.2, p.du))
    plain = 1 + 0.05 * rough + 0.05 * blotch
    color = p.color
    tone = plain * (1 + (1 - stone) * (0.08 * slab - 0.28 * joints))
    tone *= 1 + 0.16 * stone
    color *= tone[:, None]
    return color


def _grass(p):
    size = np.maximum(p.du, 0.4 * p.dv)
    color = p.color
    tone = 1 + 0.10 * noise(p.u, p.v, size, 3.0)
    tone += 0.08 * noise(p.u, p.v, size, 24.0)
    color *= tone[:, None]
    return color


def _facade(p):
    floor, bay = p.detail(0), p.detail(1)
    wide, high = p.detail(2) * bay, p.detail(3) * floor
    shop, top, seed = p.detail(4), p.detail(5), p.detail(6)
    u, v, du, dv = p.u, p.v, p.du, p.dv
    size = np.maximum(du, dv)
    dirt = noise(u + seed, v, size, 12.0)
    color = p.color
    plinth = band(v, -1.0, 0.6, dv)
    tone = 1 + 0.035 * dirt - 0.13 * plinth
    tone += 0.12 * band(v, top - 0.45, top, dv)
    tone -= 0.20 * band(v, top - 0.60, top - 0.45, dv)
    color *= tone[:, None]
    upper = band(v, 3.2 * shop, top - 0.75, dv)
    # A light frame around each window, the dark glass inside.
    left, sill = u - 0.5 * (bay - wide), v - 0.5 * (floor - high)
    frame = stripes(left + 0.1, wide + 0.2, bay, du)
    frame *= stripes(sill + 0.1, high + 0.2, floor, dv) * upper
    mix(color, np.minimum(1.18 * color, 0.92), frame)
    glass = stripes(left, wide, bay, du) * stripes(sill, high, floor, dv)
    glass *= upper
    bars = band((left % bay) - 0.5 * wide, -0.035, 0.035, du)
    glass *= 1 - 0.8 * bars
    cell = cell_random(np.floor(u / bay), np.floor(v / floor), seed)
    # Curtains and reflections differ by window; far away only their mean is
    # left.
    near = clamp(2 - 2 * size / (wide + np.float32(1e-3)), 0, 1)
    lightness = 0.24 + near * 0.34 * (cell * cell - 0.33)
    within = (sill % floor) / floor
    lightness += 0.10 * (1 - within)
    pane = lightness[:, None] * np.array([0.92, 1.0, 1.1], np.float32)
    mix(color, pane, glass)
    if shop.any():
        window = stripes(u - 0.15, bay - 0.3, bay, du)
        window *= band(v, 0.5, 2.5, dv) * shop
        inside = 0.20 + 0.20 * cell_random(
            np.floor(u / bay * 3), np.floor(v / 0.7), seed + 9
        )
        mix(color, inside[:, None] * np.ones(3, np.float32), window)
        mix(color, p.accent, shop * band(v, 2.55, 3.15, dv))
    return color


def _roof(p):
    size = np.maximum(p.du, p.dv)
    rows = stripes(p.v, 0.06, 0.35, p.dv)
    tone = 1 + 0.10 * noise(p.u + p.detail(0), p.v, size, 6.0) - 0.18 * rows
    p.color *= tone[:, None]
    return p.color


def _leaves(p):
    variant, offset = p.detail(0), p.detail(1)
    size = np.maximum(p.du, p.dv)
    leaf = noise(p.u + offset, p.v, size, 3.0)
    shade = tree_shade(variant, p.u / p.length, p.v / p.height)
    color = p.color * (shade * (1 + 0.16 * leaf))[:, None]
    away = np.abs(p.u - 0.5 * p.length)
    trunk = (away < 0.021 * p.height) & (p.v < 0.38 * p.height)
    bark = 1 + 0.15 * leaf - 12 * away / p.height
    color[trunk] = p.accent[trunk] * bark[trunk, None]
    return color


def _hedge(p):
    size = np.maximum(p.du, p.dv)
    leaf = noise(p.u + p.detail(0), p.v, size, 2.0)
    tone = 0.72 + 0.34 * p.v / p.height + 0.16 * leaf
    return p.color * tone[:, None]


PAINTERS = {
    Material.ASPHALT: _asphalt,
    Material.PAVING: _paving,
    Material.GRASS: _grass,
    Material.FACADE: _facade,
    Material.ROOF: _roof,
    Material.LEAVES: _leaves,
    Material.HEDGE: _hedge,
    **OBJECT_PAINTERS,
}


def skyline(p, light):
    """The distant skyline, already in linear light."""
    shade = 0.9 + 0.2 * skyline_height(p.u / p.length, np.float32(77))
    share = np.float32(0.25)
    color = share * shade[:, None] * p.color**2 * (light.sun + light.ambient)
    return (color + (1 - share) * light.horizon).astype(np.float32)


def sky(p, light):
    """Sky with clouds, linear light."""
    # Tangents of the direction to the right and upwards.
    right, up = (p.u - 30000.0) / 5000.0, (p.v - 500.0) / 5000.0
    up = np.maximum(up, np.float32(0.02))
    fade = 1 / (1 + up * (4.5 + up * (10 + 15 * up)))[:, None]
    zenith, horizon = light.zenith, light.horizon
    color = (zenith + fade * (horizon - zenith)).astype(np.float32)
    # Clouds lie on a plane overhead.
    reach = 1 / (up + np.float32(0.12))
    x, z = right * reach, reach
    size = p.du / 5000.0 * reach * reach
    x += p.detail(0) * np.float32(0.01)
    cover = noise(x, z, size, 6.0)
    cover += 0.35 * noise(x + 3, z, size, 1.7)
    threshold = 1.1 - 2.0 * light.clouds
    cover = clamp((cover - threshold) * 0.6, 0, 1)
    cover = cover * cover * (3 - 2 * cover) * clamp(up * 9, 0.25, 1)
    white = horizon * 0.55 + 0.45 * (light.sun * 0.25 + light.ambient)
    return mix(color, white.astype(np.float32), 0.85 * cover)
