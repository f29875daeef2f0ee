import dataclasses

import numpy as np
import pytest

from accel_tf.data.motion import (
    MOTION_CLASSES,
    draw_scene,
    motion_clip,
    motion_clips,
    render,
    track,
)

FRAMES = 8
BACKWARDS = [1, 0, 3, 2, 5, 4, 7, 6]
"""The class of a clip that is played backwards."""


def scenes(count, seed=0):
    rng = np.random.default_rng(seed)
    return [draw_scene(rng) for _ in range(count)]


def test_clips_are_as_documented():
    clips, classes = motion_clips(19, 4, 16, seed=3)
    assert clips.shape == (19, 4, 16, 16, 3) and clips.dtype == np.uint8
    counts = np.bincount(classes, minlength=len(MOTION_CLASSES))
    assert set(counts) == {2, 3}
    again, same = motion_clips(19, 4, 16, seed=3)
    np.testing.assert_array_equal(clips, again)
    np.testing.assert_array_equal(classes, same)
    others, _ = motion_clips(19, 4, 16, seed=4)
    assert (clips != others).any()


def test_a_clip_backwards_is_one_of_the_class_beside():
    for scene in scenes(20):
        for label, other in enumerate(BACKWARDS):
            places, paints = track(scene, label, FRAMES)
            opposite = scene
            if label in (4, 5):  # The direction is turned round, too.
                direction = scene.direction ^ 1
                opposite = dataclasses.replace(scene, direction=direction)
            expected, order = track(opposite, other, FRAMES)
            apart = (places[::-1] - expected + 0.5) % 1 - 0.5
            np.testing.assert_allclose(apart, 0, atol=1e-12)
            np.testing.assert_array_equal(paints[::-1], order)


def test_every_frame_is_distributed_alike_in_all_classes():
    # What a frame shows is the scene, which knows nothing of the class, a
    # place and a paint; the last two are counted for each frame.
    drawn = scenes(720)
    for label in range(len(MOTION_CLASSES)):
        tracks = [track(scene, label, FRAMES) for scene in drawn]
        places = np.stack([places for places, _ in tracks])
        paints = np.stack([paints for _, paints in tracks])
        for frame in range(FRAMES):
            x, y = (places[:, frame] * 4).astype(int).T
            cells = np.bincount((4 * x + y) * 3 + paints[:, frame])
            expected = len(drawn) / 48
            assert len(cells) == 48
            # Of 47 degrees of freedom; above 97 in 1 of 45,000 cases.
            assert ((cells - expected) ** 2 / expected).sum() < 97


def test_the_classes_are_what_their_names_say():
    for scene in scenes(20):
        tracks = [
            track(scene, label, FRAMES) for label in range(len(MOTION_CLASSES))
        ]
        steps = [
            (np.diff(places, axis=0) + 0.5) % 1 - 0.5 for places, _ in tracks
        ]
        left, right, up, down, faster, slower, forwards, back = steps
        assert (left[:, 0] < -0.05).all() and (right[:, 0] > 0.05).all()
        assert (up[:, 1] < -0.05).all() and (down[:, 1] > 0.05).all()
        np.testing.assert_allclose(np.diff(left, axis=0), 0, atol=1e-12)
        for speed in (abs(faster).sum(1), abs(slower).sum(1)[::-1]):
            assert (np.diff(speed) > 0.01).all()
            assert speed[-1] > 4 * speed[0]
        assert not forwards.any() and not back.any()
        for (_, paints), turn in zip(tracks[6:], (1, 2), strict=True):
            assert set(np.diff(paints) % 3) == {0, turn}
            assert set(paints) == {0, 1, 2}
        assert all(len(set(paints)) == 1 for _, paints in tracks[:6])


@pytest.mark.parametrize("shape", range(3))
def test_the_shape_is_drawn_where_the_track_says(shape):
    scene = dataclasses.replace(
        scenes(1)[0], waves=np.zeros((2, 3)), shape=shape
    )
    places = np.array([[0.5, 0.5], [0.0, 0.75], [0.5, 0.25]])
    frames = render(scene, places, np.array([0, 1, 2]), 64)
    paints, ground = np.rint(scene.paints), np.rint(scene.ground)
    assert (paints.argmax(1) == [0, 1, 2]).all()
    for index, (x, y) in enumerate((places * 64).astype(int)):
        np.testing.assert_array_equal(frames[index, y, x], paints[index])
        np.testing.assert_array_equal(frames[index, y, x - 32], ground)
    # On both sides of the border; and every shape is as large.
    np.testing.assert_array_equal(frames[1, 48, 63], paints[1])
    area = (frames[0] != ground).any(-1).sum()
    assert 0.9 < area / (np.pi * (64 * scene.radius) ** 2) < 1.3


def test_bad_numbers_are_named():
    rng = np.random.default_rng(0)
    for call, text in (
        (lambda: motion_clips(0), "count must be 1 clip or more, not 0"),
        (lambda: motion_clip(0, 2, 32, rng), "need 3 frames or more, not 2"),
        (lambda: motion_clip(0, 8, 8, rng), "a size of 16 or more, not 8"),
    ):
        with pytest.raises(ValueError, match=text):
            call()
