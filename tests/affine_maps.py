"""Affine maps of augmented clips, followed in float64."""

import numpy as np

from accel_tf.data.augmentation import random_transforms

HEIGHT, WIDTH = 24, 40


def transforms_of(augmentation, seed, length=1, source=(HEIGHT, WIDTH)):
    transforms, size = random_transforms(
        augmentation, length, source, np.array([seed, 5])
    )
    return transforms.numpy(), tuple(size)


def source_points(transform, size):
    """Where each pixel of the result lies in the source: (x, y), float64."""
    y, x = np.mgrid[: size[0], : size[1]]
    points = np.stack([x, y, np.ones_like(x)], -1) @ transform.T.astype(float)
    return points[..., 0], points[..., 1]


def mirrored(points, side):
    places = (points + 0.5) % (2 * side)
    places = np.where(places < side, places, 2 * side - places) - 0.5
    return places.clip(0, side - 1)


def sample(image, x, y):
    """Bilinear, mirrored at the borders, in float64."""
    x, y = mirrored(x, image.shape[1]), mirrored(y, image.shape[0])
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right = np.minimum(left + 1, image.shape[1] - 1)
    below = np.minimum(top + 1, image.shape[0] - 1)
    a, b = (x - left)[..., None], (y - top)[..., None]
    upper = (1 - a) * image[top, left] + a * image[top, right]
    lower = (1 - a) * image[below, left] + a * image[below, right]
    return (1 - b) * upper + b * lower


def random_frames(length, seed=0):
    shape = (length, HEIGHT, WIDTH, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
