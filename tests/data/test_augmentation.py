import itertools

import numpy as np
import pytest

from accel_tf.data.augmentation import (
    Augmentation,
    change_color,
    cut,
    random_transforms,
    transform_flow,
    transform_frames,
    transform_labels,
)
from accel_tf.data.label_maps import IGNORE
from accel_tf.data.streets import street_sequence

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


RESAMPLED = [
    Augmentation(crop=(12, 16), scale=(1.5, 2.0)),
    Augmentation(scale=(1.0, 1.0)),
    Augmentation(scale=(1.02, 1.1)),
    Augmentation(scale=(0.4, 0.6)),
    Augmentation(crop=(30, 50), scale=(0.9, 1.1)),
    Augmentation(crop=(12, 16), camera_motion=2.0),
    Augmentation(scale=(0.7, 1.4), camera_motion=1.0),
]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"crop": (0, 8)}, r"crop must be \(height, width\).*not \(0, 8\)"),
        ({"crop": (8,)}, r"crop must be \(height, width\).*not \(8,\)"),
        ({"crop": 8}, r"crop must be \(height, width\).*not 8"),
        ({"crop": (8.5, 8)}, r"crop must be \(height, width\)"),
        ({"scale": (2.0, 1.0)}, r"scale must be \(least, most\), both above"),
        ({"scale": (0.0, 1.0)}, r"scale must be \(least, most\), both above"),
        ({"scale": 1.5}, r"scale must be \(least, most\).*not 1.5"),
        ({"color": 1.5}, "color must be 0 to 1, not 1.5"),
        ({"color": -0.1}, "color must be 0 to 1, not -0.1"),
        ({"camera_motion": -1.0}, "camera_motion must be 0 or more.*not -1.0"),
        ({"camera_motion": float("nan")}, "camera_motion must be 0 or more"),
    ],
)
def test_values_out_of_range(values, message):
    with pytest.raises(ValueError, match=message) as caught:
        Augmentation(**values)
    assert "\n" not in str(caught.value)


def test_windows_are_anywhere_and_whole():
    augmentation = Augmentation(crop=(HEIGHT - 2, WIDTH - 3))
    seen = set()
    for seed in range(150):
        transforms, size = transforms_of(augmentation, seed, length=2)
        assert size == (HEIGHT - 2, WIDTH - 3)
        np.testing.assert_array_equal(transforms[0], transforms[1])
        x, y = source_points(transforms[0], size)
        assert (x == np.round(x)).all() and (y == np.round(y)).all()
        seen.add((int(y.min()), int(x.min()), bool(x[0, 0] > x[0, 1])))
    assert seen == set(itertools.product(range(3), range(4), (False, True)))


def test_flip_can_be_left_out():
    for seed in range(20):
        transforms, _ = transforms_of(Augmentation(flip=False), seed)
        np.testing.assert_array_equal(transforms[0], np.eye(3))


def test_cutting_is_exact():
    frames = random_frames(2)
    augmentation = Augmentation(crop=(10, 14))
    flips = set()
    for seed in range(12):
        transforms, size = transforms_of(augmentation, seed)
        x, y = source_points(transforms[0], size)
        flips.add(bool(x[0, 0] > x[0, 1]))
        result = np.asarray(cut(frames, transforms[0], size))
        expected = frames[:, y.astype(int), x.astype(int)]
        np.testing.assert_array_equal(result, expected)
    assert flips == {True, False}


def test_scale_is_within_its_range():
    zooms = [
        1 / transforms_of(Augmentation(scale=(0.5, 2.0)), seed)[0][0, 1, 1]
        for seed in range(60)
    ]
    assert 0.5 <= min(zooms) < 0.6 and 1.7 < max(zooms) <= 2.0
    # As many are shrunk as are enlarged.
    assert 15 < sum(zoom < 1 for zoom in zooms) < 45


@pytest.mark.parametrize("augmentation", RESAMPLED)
def test_frames_are_sampled_bilinearly(augmentation):
    frames = random_frames(3)
    for seed in range(4):
        transforms, size = transforms_of(augmentation, seed, length=3)
        result = transform_frames(frames, transforms, size).numpy()
        expected = np.stack(
            [
                sample(frame, *source_points(transform, size))
                for frame, transform in zip(frames, transforms, strict=True)
            ]
        )
        assert result.dtype == np.uint8 and result.shape == (3, *size, 3)
        # To the nearest value; not below it, which would darken.
        assert np.abs(result - expected).max() < 0.52
        assert abs((result - expected).mean()) < 0.05


@pytest.mark.parametrize("augmentation", RESAMPLED)
def test_labels_are_the_nearest_and_ignored_outside(augmentation):
    labels = np.random.default_rng(1).integers(0, 20, (HEIGHT, WIDTH), np.uint8)
    for seed in range(4):
        transforms, size = transforms_of(augmentation, seed, length=2)
        result = transform_labels(labels, transforms[-1], size).numpy()
        x, y = source_points(transforms[-1], size)
        column, row = np.round(x).astype(int), np.round(y).astype(int)
        inside = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
        expected = labels[row.clip(0, HEIGHT - 1), column.clip(0, WIDTH - 1)]
        expected = np.where(inside, expected, IGNORE)
        # Half-way between two pixels either may be meant.
        clear = (np.abs(x % 1 - 0.5) > 1e-3) & (np.abs(y % 1 - 0.5) > 1e-3)
        assert result.shape == size and clear.mean() > 0.5
        np.testing.assert_array_equal(result[clear], expected[clear])
    if augmentation.scale == (0.4, 0.6):
        assert (result == IGNORE).mean() > 0.5


@pytest.mark.parametrize("augmentation", RESAMPLED)
def test_labels_stay_on_their_frame(augmentation):
    labels = np.random.default_rng(2).integers(0, 3, (3, 5), np.uint8)
    labels = labels.repeat(8, axis=0).repeat(8, axis=1)
    frames = np.stack([labels * 100] * 3, -1)[None].repeat(2, 0)
    agreement = []
    for seed in range(8):
        transforms, size = transforms_of(augmentation, seed, length=2)
        shown = transform_frames(frames, transforms, size).numpy()[-1, ..., 0]
        result = transform_labels(labels, transforms[-1], size).numpy()
        labelled = result != IGNORE
        drawn = np.round(shown / 100)
        agreement.append((drawn == result)[labelled].mean())
    assert np.mean(agreement) > 0.93


def test_camera_moves_on_to_the_untouched_last_frame():
    still = Augmentation(crop=(12, 20), scale=(1.0, 1.2))
    moving = Augmentation(crop=(12, 20), scale=(1.0, 1.2), camera_motion=1.0)
    for seed in range(5):
        last = transforms_of(still, seed)[0][0]
        transforms, _ = transforms_of(moving, seed, length=4)
        np.testing.assert_allclose(transforms[-1], last, rtol=1e-6, atol=1e-5)
        # It approaches: the earlier, the more of the scene is seen.
        areas = np.abs(np.linalg.det(transforms[:, :2, :2]))
        assert (np.diff(areas) < 0).all()


def test_twice_the_motion_skips_a_frame():
    slow = transforms_of(Augmentation(camera_motion=1.0), 3, length=3)[0]
    fast = transforms_of(Augmentation(camera_motion=2.0), 3, length=2)[0]
    np.testing.assert_allclose(slow[0], fast[0], rtol=1e-5, atol=1e-4)


def test_color_of_no_strength_changes_nothing():
    frames = random_frames(2)
    result = change_color(frames, 0.0, np.array([1, 2])).numpy()
    np.testing.assert_array_equal(result, frames)


def test_color_changes_alike_in_all_frames():
    frames = random_frames(3)
    tints = []
    for seed in range(6):
        result = change_color(frames, 0.4, np.array([seed, 2])).numpy()
        assert result.dtype == np.uint8 and result.shape == frames.shape
        slopes = []
        for channel in range(3):
            values = frames[..., channel].ravel()
            changed = result[..., channel].ravel().astype(int)
            # One new value for each old one, whatever frame it is in.
            table = np.full(256, -1)
            table[values] = changed
            np.testing.assert_array_equal(table[values], changed)
            seen = table[np.unique(values)]
            assert (np.diff(seen) >= 0).all()
            free = (seen > 0) & (seen < 255)
            slope, start = np.polyfit(np.unique(values)[free], seen[free], 1)
            line = slope * np.unique(values)[free] + start
            assert np.abs(line - seen[free]).max() < 1
            slopes.append(slope)
        # Contrast, and a tint of less than a third of it.
        assert np.exp(-0.52) < min(slopes) <= max(slopes) < np.exp(0.52)
        tints.append(max(slopes) / min(slopes))
    assert 1.02 < max(tints) < np.exp(0.24) + 0.02


def test_flow_of_stills_is_exact():
    augmentation = Augmentation(
        crop=(16, 30), scale=(0.7, 1.5), camera_motion=2.0
    )
    still = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    for seed in range(6):
        transforms, size = transforms_of(augmentation, seed, length=2)
        flow = transform_flow(still, transforms, size).numpy()
        before, now = transforms.astype(float)
        x, y = source_points(np.linalg.inv(before) @ now, size)
        rows, columns = np.mgrid[: size[0], : size[1]]
        expected = np.stack([x - columns, y - rows], -1)
        assert np.abs(expected).max() > 0.3
        np.testing.assert_allclose(flow, expected, atol=1e-3)


@pytest.fixture(scope="module")
def street():
    """Two frames, the flow from the second to the first, and what of the
    second can be seen in the first."""
    previous, current = street_sequence(4, 96, 160, 2, frame_rate=8.0)
    frames = np.stack([previous.image, current.image])
    return frames, current.flow, current.visible


def mean_errors(street, augmentation, seed, where=None):
    """Mean difference of the current frame to the previous one, as it is
    and warped by its flow, after the transforms."""
    frames, flow, visible = street
    transforms, size = transforms_of(augmentation, seed, 2, frames.shape[1:3])
    flow = transform_flow(flow, transforms, size).numpy()
    if augmentation.resamples:
        frames = transform_frames(frames, transforms, size).numpy()
    else:
        frames = np.asarray(cut(frames, transforms[-1], size))
    source = source_points(transforms[-1], size)
    rows, columns = np.mgrid[: size[0], : size[1]]
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    counted = (x >= 0) & (x <= size[1] - 1) & (y >= 0) & (y <= size[0] - 1)
    counted &= sample(visible[..., None], *source)[..., 0] > 0.999
    if where is not None:
        counted &= where(*source)
    assert counted.mean() > 0.1
    previous, current = frames.astype(float)
    return tuple(
        np.abs(image - current)[counted].mean()
        for image in (previous, sample(previous, x, y))
    )


@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(crop=(72, 120)),
        Augmentation(crop=(72, 120), scale=(1.0, 1.6)),
        Augmentation(scale=(0.8, 1.2)),
    ],
)
def test_flow_moves_with_the_frames(augmentation, street):
    for seed in range(4):
        unwarped, warped = mean_errors(street, augmentation, seed)
        assert warped < 0.6 * unwarped


def test_flow_of_the_mirrored_margin_is_mirrored(street):
    height, width = street[1].shape[:2]
    for outside in (
        lambda x, y: (x < 0) | (x > width - 1),
        lambda x, y: (y < 0) | (y > height - 1),
    ):
        unwarped, warped = mean_errors(
            street, Augmentation(scale=(0.5, 0.5)), 0, outside
        )
        assert warped < 0.6 * unwarped
