import keras
import numpy as np
import pytest

from accel_tf.data.clip_sampling import (
    clip_indices,
    crop_views,
    random_clip_indices,
    segment_indices,
)


def test_views_are_those_of_the_kinetics_protocol():
    # 300 frames at 30 per second; 16x5 spans 80 of them, a tenth of the rest
    # lies between two views.
    first = clip_indices(300, 16, 5, view=0, views=10)
    np.testing.assert_array_equal(first[[0, 1, 2, 3, -1]], [0, 5, 10, 15, 79])
    last = clip_indices(300, 16, 5, view=9, views=10)
    np.testing.assert_array_equal(last[[0, 1, -1]], [198, 203, 277])
    # At 25 frames per second, the same seconds.
    slower = clip_indices(250, 16, 5 * 25 / 30, view=9, views=10)
    np.testing.assert_allclose(slower / 25, last / 30, atol=0.05)
    assert clip_indices(300, 16, 5)[0] == 0


def test_whole_positions_are_met():
    # Seven steps of 63 / 7: every one is a whole frame.
    np.testing.assert_array_equal(clip_indices(1000, 8, 8), np.arange(8) * 9)


def test_a_short_video_ends_with_its_last_frame():
    np.testing.assert_array_equal(
        clip_indices(5, 4, 2, view=1, views=2), [0, 2, 4, 4]
    )
    np.testing.assert_array_equal(clip_indices(1, 3, 5), [0, 0, 0])
    # Steps below one frame repeat frames.
    assert clip_indices(9, 8, 0.1).max() == 0


def test_a_random_clip_starts_anywhere_and_ends_in_time():
    rng = np.random.default_rng(0)
    clips = np.stack([random_clip_indices(50, 8, 4, rng) for _ in range(400)])
    assert set(clips[:, 0]) == set(range(18))
    assert clips.max() == 48
    steps = np.diff(clips, axis=1)
    assert steps.min() >= 4 and steps.max() <= 5
    again = random_clip_indices(50, 8, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(again, clips[0])


def test_segments():
    # Borders at 0, 4.5 -> 4, 9: halves go to the even number.
    np.testing.assert_array_equal(segment_indices(10, 2), [2, 6])
    np.testing.assert_array_equal(segment_indices(2, 4), [0, 0, 0, 1])
    rng = np.random.default_rng(0)
    drawn = np.stack([segment_indices(10, 2, rng) for _ in range(200)])
    assert set(drawn[:, 0]) == set(range(0, 5))
    assert set(drawn[:, 1]) == set(range(4, 10))


@pytest.mark.parametrize("size", [(20, 31), (31, 20), (12, 17), (16, 16)])
def test_crops_are_parts_of_the_resized_frames(size):
    clip = np.random.default_rng(1).integers(
        0, 256, (2, *size, 3), dtype=np.uint8
    )
    views = crop_views(clip, 16, 3)
    long_side = max(size) * 16 // min(size)
    resized = (16, long_side) if size[0] <= size[1] else (long_side, 16)
    expected = keras.ops.image.resize(
        clip.astype("float32"),
        resized,
        "bilinear",
        antialias=True,
        data_format="channels_last",
    )
    expected = np.asarray(expected)
    middle = -(-(long_side - 16) // 2)
    for view, start in zip(views, (0, middle, long_side - 16), strict=True):
        cut = slice(start, start + 16)
        part = expected[:, cut] if size[0] > size[1] else expected[:, :, cut]
        np.testing.assert_allclose(view, part, atol=0.501)
    np.testing.assert_array_equal(crop_views(clip, 16, 1)[0], views[1])
    assert views.dtype == np.uint8


def test_bad_arguments_are_named():
    clip = np.zeros((2, 8, 8, 3), np.uint8)
    for call, text in (
        (lambda: clip_indices(0, 4, 1), "length must be 1 frame or more"),
        (lambda: clip_indices(9, 0, 1), "frames must be 1 frame or more"),
        (lambda: clip_indices(9, 4, 0), "step must be a number above 0"),
        (lambda: clip_indices(9, 4, 1, 2, 2), "view must be from 0 to views"),
        (lambda: segment_indices(0, 4), "length must be 1 frame or more"),
        (lambda: crop_views(clip, 4, 2), "crops must be 1 or 3, not 2"),
        (lambda: crop_views(clip, 0, 1), "a side of 1 pixel or more, not 0"),
        (lambda: crop_views(clip[0], 4, 1), r"\[T, H, W, 3\], got shape"),
        (lambda: crop_views(clip / 255, 4, 1), "uint8, got float64"),
    ):
        with pytest.raises(ValueError, match=text):
            call()
