import itertools

import numpy as np
import pytest
import tensorflow as tf
from affine_maps import (
    HEIGHT,
    WIDTH,
    random_frames,
    source_points,
    transforms_of,
)

from accel_tf.data.augmentation import Augmentation, change_color


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
        ({"scales": ()}, r"scales must be one factor or more.*not \(\)"),
        ({"scales": (1.0, 0.0)}, "scales must be .*, all above 0, not"),
        ({"scales": 1.5}, "scales must be one factor or more.*not 1.5"),
        (
            {"scale": (1.0, 2.0), "scales": (1.0,)},
            r"scale \(1.0, 2.0\) and scales \(1.0,\) exclude each other; "
            "leave one of them none",
        ),
        ({"rotation": -1.0}, "rotation must be 0 to 180 degrees, not -1.0"),
        ({"rotation": 181}, "rotation must be 0 to 180 degrees, not 181"),
        ({"rotation": float("nan")}, "rotation must be 0 to 180 degrees"),
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


def test_scale_is_within_its_range():
    zooms = [
        1 / transforms_of(Augmentation(scale=(0.5, 2.0)), seed)[0][0, 1, 1]
        for seed in range(60)
    ]
    assert 0.5 <= min(zooms) < 0.6 and 1.7 < max(zooms) <= 2.0
    # As many are shrunk as are enlarged.
    assert 15 < sum(zoom < 1 for zoom in zooms) < 45


def test_scales_are_drawn_evenly():
    factors = (0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
    count = 240
    zooms = [
        1 / transforms_of(Augmentation(scales=factors), seed)[0][0, 1, 1]
        for seed in range(count)
    ]
    nearest = np.abs(np.subtract.outer(zooms, factors)).argmin(1)
    np.testing.assert_allclose(zooms, np.array(factors)[nearest], rtol=1e-6)
    # Six standard deviations of a fair draw are 35.
    times_drawn = np.bincount(nearest, minlength=len(factors))
    assert np.abs(times_drawn - count / len(factors)).max() < 35


def test_one_factor_is_a_scale_without_range():
    for seed in range(10):
        one, size = transforms_of(Augmentation(scales=(1.3,)), seed)
        other, same_size = transforms_of(Augmentation(scale=(1.3, 1.3)), seed)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
        assert size == same_size


def test_the_frame_turns_about_its_centre():
    # Frames with a centre on a pixel and between pixels.
    for source in ((HEIGHT, WIDTH), (25, 33)):
        angles = []
        for seed in range(60):
            transforms, size = transforms_of(
                Augmentation(rotation=30.0, flip=False), seed, 2, source
            )
            assert size == source
            np.testing.assert_array_equal(transforms[0], transforms[1])
            x, y = source_points(transforms[0], size)
            # As complex numbers around the centre, a turn is a factor.
            places = x + 1j * y
            rows, columns = np.mgrid[: size[0], : size[1]]
            centre = (size[1] - 1) / 2 + 0.5j * (size[0] - 1)
            arms = columns + 1j * rows - centre
            factor = (places[0, 0] - centre) / arms[0, 0]
            np.testing.assert_allclose(abs(factor), 1, rtol=1e-5)
            np.testing.assert_allclose(
                places, centre + factor * arms, atol=1e-4
            )
            angles.append(np.degrees(np.angle(factor)))
        assert -30 <= min(angles) < -25 and 25 < max(angles) <= 30
        # Both ways alike, and not more around zero than elsewhere.
        assert abs(np.mean(angles)) < 6 and abs(np.std(angles) - 17.3) < 3


def test_rotation_changes_nothing_else():
    """The turned map is the old one, then a turn of the source."""
    parts = {"crop": (12, 20), "scale": (0.8, 1.5), "camera_motion": 1.0}
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    for seed in range(12):
        plain = transforms_of(Augmentation(**parts), seed, 3)[0].astype(float)
        turned = transforms_of(Augmentation(**parts, rotation=20.0), seed, 3)[0]
        turn = turned[-1] @ np.linalg.inv(plain[-1])
        angle = np.arctan2(turn[1, 0], turn[0, 0])
        cos, sin = np.cos(angle), np.sin(angle)
        expected = np.eye(3)
        expected[:2, :2] = [[cos, -sin], [sin, cos]]
        expected[:2, 2] = centre - expected[:2, :2] @ centre
        assert abs(angle) <= np.radians(20.001)
        np.testing.assert_allclose(turn, expected, atol=1e-3)
        # The camera moves over the frame as it was before it was turned.
        motion = plain @ np.linalg.inv(plain[-1])
        np.testing.assert_allclose(
            turned, motion @ expected @ plain[-1], atol=2e-3
        )


def test_the_draws_of_a_seed_are_fixed():
    """A training that is resumed with a later version draws the same."""
    rows, columns = 12, 20
    augmentation = Augmentation(crop=(rows, columns), scale=(1.0, 2.0))
    for seed in range(10):
        draw = tf.random.stateless_uniform([9], np.array([seed, 5])).numpy()
        flip = -1 if draw[0] < 0.5 else 1
        zoom = 2 ** draw[1].astype(float)
        x = (WIDTH - 1) / 2 + (draw[2] - 0.5) * (WIDTH - columns / zoom)
        y = (HEIGHT - 1) / 2 + (draw[3] - 0.5) * (HEIGHT - rows / zoom)
        expected = [
            [flip / zoom, 0, x - flip / zoom * (columns - 1) / 2],
            [0, 1 / zoom, y - (rows - 1) / zoom / 2],
            [0, 0, 1],
        ]
        transforms, _ = transforms_of(augmentation, seed)
        np.testing.assert_allclose(transforms[0], expected, atol=1e-4)


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
