"""Noise and filtered patterns that the surfaces of a street are painted with.

All functions work on float32 arrays of samples. `footprint` is the width of
one pixel on the surface, in the same unit as the position: patterns finer than
that are averaged away, so that images do not sparkle.
"""

import functools
import math

import numpy as np

_NOISE_SIZE = 256
_NOISE_LEVELS = 7
TREE_VARIANTS = 6
_TREE_SIZE = 256


def _enlarged(lattice, size):
    """Periodic linear interpolation of a square lattice to size x size."""
    position = np.arange(size) * (len(lattice) / size)
    low = np.floor(position).astype(int)
    weight = position - low
    weight = weight * weight * (3 - 2 * weight)
    high = (low + 1) % len(lattice)
    rows = (
        lattice[low] * (1 - weight[:, None]) + lattice[high] * weight[:, None]
    )
    return rows[:, low] * (1 - weight) + rows[:, high] * weight


def _fractal_noise(rng, size, coarsest, persistence):
    """Periodic noise, a sum of octaves, zero mean and unit deviation."""
    total = np.zeros((size, size))
    cells, amplitude = coarsest, 1.0
    while cells <= size:
        lattice = rng.uniform(-1, 1, (cells, cells))
        total += amplitude * _enlarged(lattice, size)
        cells, amplitude = cells * 2, amplitude * persistence
    return (total - total.mean()) / total.std()


@functools.cache
def _noise_pyramid():
    """All levels of the noise tile in one flat array, and their offsets."""
    level = _fractal_noise(np.random.default_rng(11), _NOISE_SIZE, 4, 0.75)
    levels = []
    for _ in range(_NOISE_LEVELS):
        levels.append(level.astype(np.float32).ravel())
        half = len(level) // 2
        level = level.reshape(half, 2, half, 2).mean((1, 3))
    sizes = [len(values) for values in levels]
    offsets = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
    return np.concatenate(levels), offsets


def clamp(values, low, high):
    """`np.clip` without its overhead, which counts for small arrays."""
    return np.minimum(np.maximum(values, low), high)


def mix(color, other, share):
    """Blends `other` over `color` in place; share is float32 [n]."""
    color += share[:, None] * (np.asarray(other, np.float32) - color)
    return color


def noise(x, y, footprint, tile):
    """Fractal noise of unit deviation that repeats every `tile` units.

    Args:
        x, y: position, float32 [n].
        footprint: size of a pixel there, float32 [n].
        tile: period of the noise, in the same unit.

    Returns:
        float32 [n]; fades to 0 where a pixel covers the whole tile.
    """
    values, offsets = _noise_pyramid()
    scale = np.float32(_NOISE_SIZE / tile)
    _, level = np.frexp(footprint * scale)
    level = clamp(level, 0, _NOISE_LEVELS - 1)
    scale = np.ldexp(scale, -level)
    mask = (_NOISE_SIZE - 1) >> level
    shift = np.int32(8) - level
    x, y = x * scale, y * scale
    left, top = np.floor(x), np.floor(y)
    x -= left
    y -= top
    left, top = left.astype(np.int32), top.astype(np.int32)
    base = offsets.take(level)
    right = (left + 1) & mask
    left &= mask
    row = base + ((top & mask) << shift)
    next_row = base + (((top + 1) & mask) << shift)
    upper = values.take(row + left)
    upper += x * (values.take(row + right) - upper)
    lower = values.take(next_row + left)
    lower += x * (values.take(next_row + right) - lower)
    upper += y * (lower - upper)
    return upper


def stripes(position, width, period, footprint):
    """Share of a pixel covered by stripes [k * period, k * period + width]."""
    position = position / period
    extent = np.maximum(footprint / period, np.float32(1e-3))
    duty = width / period

    def integral(end):
        whole = np.floor(end)
        return whole * duty + np.minimum(end - whole, duty)

    half = extent * np.float32(0.5)
    return (integral(position + half) - integral(position - half)) / extent


def band(position, low, high, footprint):
    """Share of a pixel covered by the interval [low, high]."""
    extent = np.maximum(footprint, np.float32(1e-4))
    half = extent * np.float32(0.5)
    covered = np.minimum(position + half, high)
    covered -= np.maximum(position - half, low)
    return clamp(covered / extent, 0, 1)


def disc(x, y, radius, footprint):
    """Share of a pixel covered by a disc around the origin (approximate)."""
    edge = np.maximum(footprint, np.float32(1e-4))
    distance = np.sqrt(x * x + y * y)
    return clamp((radius - distance) / edge + np.float32(0.5), 0, 1)


@functools.cache
def _random_table():
    return np.random.default_rng(12).uniform(size=4096).astype(np.float32)


def cell_random(column, row, seed):
    """A number in [0, 1) for every cell of a grid, float32 [n]."""
    index = column.astype(np.int32) * 37 + row.astype(np.int32) * 601
    return _random_table()[(index + seed.astype(np.int32)) & 4095]


@functools.cache
def _trees():
    """Silhouette and brightness of the trees, flat float32 arrays."""
    rng = np.random.default_rng(13)
    axis = (np.arange(_TREE_SIZE) + 0.5) / _TREE_SIZE
    u, v = np.meshgrid(axis, axis)
    outlines, shades = [], []
    for _ in range(TREE_VARIANTS):
        field = np.full(u.shape, -1.0)
        shade = np.zeros(u.shape)
        for _ in range(14):
            angle, distance = rng.uniform(0, 2 * math.pi), rng.uniform(0, 1)
            center_u = 0.5 + 0.27 * distance * math.cos(angle)
            center_v = 0.64 + 0.22 * distance * math.sin(angle)
            radius = rng.uniform(0.10, 0.19)
            du, dv = (u - center_u) / radius, (v - center_v) / radius
            blob = 1 - du * du - dv * dv
            # Each clump is lit from above and from the right.
            lit = np.clip(0.5 * dv + 0.35 * du, -1, 1)
            shade = np.where(blob > field, lit, shade)
            field = np.maximum(field, blob)
        detail = _fractal_noise(rng, _TREE_SIZE, 8, 0.8)
        outlines.append((field + 0.26 * detail).astype(np.float32).ravel())
        depth = np.clip(field, 0, 1)
        shade = 0.75 + 0.35 * shade + 0.1 * detail + 0.5 * (v - 0.6)
        shades.append((shade * (0.8 + 0.2 * depth)).astype(np.float32).ravel())
    return np.concatenate(outlines), np.concatenate(shades)


def _tree_index(variant, u, v):
    # Nearest texel: u and v are in [0, 1], one texel is at most 4 cm.
    last = np.float32(_TREE_SIZE - 0.01)
    index = (v * last).astype(np.int32) * np.int32(_TREE_SIZE)
    index += (u * last).astype(np.int32)
    index += np.int32(_TREE_SIZE**2) * variant
    return index


def tree_outline(variant, u, v):
    """Positive inside the crown of tree `variant` (an int)."""
    return _trees()[0].take(_tree_index(np.int32(variant), u, v))


def tree_shade(variant, u, v):
    """Brightness of the crown, about 0.3 to 1.3; variant is float32 [n]."""
    u, v = clamp(u, 0, 1), clamp(v, 0, 1)
    return _trees()[1].take(_tree_index(variant.astype(np.int32), u, v))
