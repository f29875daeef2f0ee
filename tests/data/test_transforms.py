import numpy as np
import pytest
from affine_maps import (
    HEIGHT,
    WIDTH,
    random_frames,
    sample,
    source_points,
    transforms_of,
)

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.label_maps import IGNORE
from accel_tf.data.streets import street_sequence
from accel_tf.data.transforms import (
    cut,
    transform_flow,
    transform_frames,
    transform_labels,
)

RESAMPLED = [
    Augmentation(crop=(12, 16), scale=(1.5, 2.0)),
    Augmentation(scale=(1.0, 1.0)),
    Augmentation(scale=(1.02, 1.1)),
    Augmentation(scale=(0.4, 0.6)),
    Augmentation(crop=(30, 50), scale=(0.9, 1.1)),
    Augmentation(crop=(12, 16), camera_motion=2.0),
    Augmentation(scale=(0.7, 1.4), camera_motion=1.0),
    Augmentation(rotation=15.0),
    Augmentation(crop=(16, 20), rotation=180.0, scales=(0.75, 1.5)),
    Augmentation(rotation=10.0, camera_motion=1.0),
]


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
    if augmentation == Augmentation(rotation=15.0):
        # The corners are turned away from the frame's, its middle is not.
        middle = result[HEIGHT // 3 : -HEIGHT // 3, WIDTH // 3 : -WIDTH // 3]
        assert (result == IGNORE).any() and (middle != IGNORE).all()


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


def test_a_spot_is_turned_with_its_frame():
    """Where a spot of light is seen is where the centre's turn brings it."""
    height, width = 65, 97
    rows, columns = np.mgrid[:height, :width]
    spot = np.array([70.0, 22.0])
    distance = np.hypot(columns - spot[0], rows - spot[1])
    frame = (250 * np.exp(-((distance / 4) ** 2))).astype(np.uint8)
    frames = np.stack([frame] * 3, -1)[None]
    augmentation = Augmentation(rotation=25.0, flip=False)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    moved = []
    for seed in range(6):
        transforms, size = transforms_of(
            augmentation, seed, source=(height, width)
        )
        seen = transform_frames(frames, transforms, size).numpy()
        light = seen[0, ..., 0].astype(float)
        place = np.array([(columns * light).sum(), (rows * light).sum()])
        place /= light.sum()
        # The map leads from the result to the source; the spot goes back.
        angle = -np.arctan2(transforms[0, 1, 0], transforms[0, 0, 0])
        arm = complex(*(spot - centre)) * np.exp(1j * angle)
        expected = centre + [arm.real, arm.imag]
        np.testing.assert_allclose(place, expected, atol=0.05)
        moved.append(np.hypot(*(place - spot)))
    assert max(moved) > 3


@pytest.mark.parametrize("flip", [False, True])
def test_a_flow_is_turned_with_its_frames(flip):
    flow = np.broadcast_to(np.float32([3.0, -1.0]), (HEIGHT, WIDTH, 2))
    augmentation = Augmentation(rotation=40.0, flip=flip, scales=(1.6,))
    bends = []
    for seed in range(6):
        transforms, size = transforms_of(augmentation, seed, length=2)
        result = transform_flow(flow, transforms, size).numpy()
        x, y = source_points(transforms[-1], size)
        inside = (x > 0) & (x < WIDTH - 1) & (y > 0) & (y < HEIGHT - 1)
        # Back from the source: turned, then enlarged and maybe mirrored.
        angle = -np.arctan2(-transforms[0, 0, 1], transforms[0, 1, 1])
        side = np.sign(np.linalg.det(transforms[0]))
        dx = 3 * np.cos(angle) + np.sin(angle)
        dy = 3 * np.sin(angle) - np.cos(angle)
        expected = np.array([1.6 * side * dx, 1.6 * dy])
        assert inside.mean() > 0.5
        np.testing.assert_allclose(
            result[inside], np.tile(expected, (inside.sum(), 1)), atol=1e-4
        )
        bends.append(abs(angle))
    assert 0.1 < max(bends) < np.radians(40)


@pytest.mark.parametrize("rotation", [0.0, 30.0])
def test_flow_of_stills_is_exact(rotation):
    augmentation = Augmentation(
        crop=(16, 30), scale=(0.7, 1.5), rotation=rotation, camera_motion=2.0
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
        Augmentation(crop=(72, 120), rotation=25.0),
        Augmentation(rotation=10.0, scales=(0.8, 1.2)),
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
