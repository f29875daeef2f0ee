import itertools

import numpy as np
import pytest
import tensorflow as tf
from sequence_drawing import (
    COLUMNS,
    HEIGHT,
    ROWS,
    SPLITS,
    WIDTH,
    build,
    examples,
    frame,
    label,
    times,
)

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.clips import clip_dataset
from accel_tf.data.label_maps import IGNORE
from accel_tf.data.pairs import pair_dataset


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return build(tmp_path_factory.mktemp("drawn"), SPLITS)


# === Which frames ===


def test_frames_lead_up_to_their_label(data):
    dataset = clip_dataset(data, "two_labels", length=2, batch_size=2)
    seen = set()
    for clip, classes in examples(dataset, 24, 2):
        assert clip.dtype == classes.dtype == np.uint8
        end = times(clip)[-1]
        np.testing.assert_array_equal(clip, [frame(end - 1), frame(end)])
        np.testing.assert_array_equal(classes, label(ROWS, COLUMNS, end))
        seen.add(end)
    assert seen == {2, 5}


@pytest.mark.parametrize(
    ("length", "spacing", "expected"),
    [
        (1, 1, {(2,), (5,)}),
        (2, 2, {(0, 2), (3, 5)}),
        (3, 0, {(2, 2, 2), (5, 5, 5)}),
        # Only the later label has enough frames before it.
        (4, 1, {(2, 3, 4, 5)}),
        (3, (1, 2), {(0, 1, 2), (3, 4, 5), (1, 3, 5)}),
        (2, (3, 5), {(2, 5), (1, 5), (0, 5)}),
    ],
)
def test_one_spacing_for_a_clip(data, length, spacing, expected):
    dataset = clip_dataset(
        data, "two_labels", length=length, spacing=spacing, batch_size=4
    )
    clips = examples(dataset, 32, 4)
    assert {times(clip) for clip, _ in clips} == expected
    for clip, classes in clips:
        wanted = label(ROWS, COLUMNS, times(clip)[-1])
        np.testing.assert_array_equal(classes, wanted)


@pytest.mark.parametrize(
    ("length", "least", "most"), [(1, 1, 2), (3, 1, 2), (4, 1, 2), (3, 0, 3)]
)
def test_a_spacing_for_every_frame(data, length, least, most):
    dataset = clip_dataset(
        data,
        "two_labels",
        length=length,
        spacing=(least, most),
        spacing_per_frame=True,
        batch_size=8,
    )
    expected = set()
    for gaps in itertools.product(range(least, most + 1), repeat=length - 1):
        # A label that lies too early serves only if both do.
        ends = [end for end in (2, 5) if end >= sum(gaps)] or [2, 5]
        expected |= {
            tuple(max(end - sum(gaps[i:]), 0) for i in range(length))
            for end in ends
        }
    assert {times(clip) for clip, _ in examples(dataset, 160, 8)} == expected


def test_spacing_per_frame_leaves_the_other_draws(data):
    clips, others = (
        examples(
            clip_dataset(
                data,
                "two_labels",
                length=2,
                spacing=(2, 2),
                spacing_per_frame=per_frame,
                batch_size=4,
                augmentation=Augmentation(crop=(8, 12), color=0.3),
            ),
            16,
            4,
        )
        for per_frame in (False, True)
    )
    for clip, other in zip(clips, others, strict=True):
        np.testing.assert_array_equal(clip[0], other[0])
        np.testing.assert_array_equal(clip[1], other[1])


def test_the_oldest_frame_stands_in(data):
    dataset = clip_dataset(
        data, "late_label", length=4, spacing=2, batch_size=1
    )
    ((clip, classes),) = examples(dataset, 1)
    assert times(clip) == (0, 0, 0, 2)
    np.testing.assert_array_equal(classes, label(ROWS, COLUMNS, 2))


def test_unused_images_are_not_decoded(data):
    dataset = clip_dataset(data, "broken", length=3, spacing=4, batch_size=1)
    assert {times(clip) for clip, _ in examples(dataset, 5)} == {(0, 4, 8)}
    dataset = clip_dataset(data, "broken", length=2, spacing=3, batch_size=1)
    with pytest.raises(tf.errors.InvalidArgumentError):
        examples(dataset, 1)
    pairs = examples(pair_dataset(data, "broken_labels", batch_size=1), 2)
    assert {times(pair) for pair, _ in pairs} == {(0, 1)}


def test_sequences_without_labels_are_left_out(data):
    dataset = clip_dataset(data, "mixed", length=2, batch_size=1)
    clips = {times(clip) for clip, _ in examples(dataset, 12)}
    assert clips == {(0, 1), (0, 0)}


# === What is done to them ===


def test_crop_and_flip_are_exact(data):
    dataset = clip_dataset(
        data,
        "two_labels",
        length=3,
        batch_size=4,
        augmentation=Augmentation(crop=(8, 16)),
    )
    windows = set()
    for clip, classes in examples(dataset, 48, 4):
        assert clip.shape == (3, 8, 16, 3) and classes.shape == (8, 16)
        rows, columns = clip[0, ..., 0], clip[0, ..., 1].astype(int)
        for later in clip[1:]:
            np.testing.assert_array_equal(later[..., :2], clip[0, ..., :2])
        top, left = rows.min(), columns.min()
        flipped = bool(columns[0, 0] > columns[0, 1])
        direction = -1 if flipped else 1
        expected = frame(0)[top : top + 8, left : left + 16, :2]
        np.testing.assert_array_equal(
            clip[0, ..., :2], expected[:, ::direction]
        )
        wanted = label(rows.astype(int), columns, times(clip)[-1])
        np.testing.assert_array_equal(classes, wanted)
        windows.add((top, left, flipped))
    # A sequence that comes again looks new.
    assert len(windows) > 24
    assert {flipped for *_, flipped in windows} == {True, False}


@pytest.mark.parametrize(
    ("scale", "camera_motion"), [((0.8, 1.5), 0.0), ((0.5, 0.5), 3.0)]
)
def test_labels_stay_on_their_frame(data, scale, camera_motion):
    augmentation = Augmentation(scale=scale, camera_motion=camera_motion)
    dataset = clip_dataset(
        data, "blocks", length=3, batch_size=4, augmentation=augmentation
    )
    agreement, known, moves = [], [], False
    for clip, classes in examples(dataset, 20, 4):
        moves |= not np.array_equal(clip[0], clip[2])
        labelled = classes != IGNORE
        drawn = np.round(clip[-1, ..., 0] / 100)
        agreement.append((drawn == classes)[labelled].mean())
        known.append(labelled.mean())
    assert np.mean(agreement) > 0.9
    assert moves == (camera_motion > 0)
    if scale == (0.5, 0.5):
        # Two thirds of the frame have classes, and the frame is a quarter
        # of the result.
        np.testing.assert_allclose(known, 2 / 3 / 4, atol=0.04)


def test_color_leaves_geometry_and_labels(data):
    plain, colored = (
        examples(
            clip_dataset(
                data,
                "two_labels",
                length=2,
                batch_size=4,
                augmentation=Augmentation(crop=(8, 12), color=color),
            ),
            8,
            4,
        )
        for color in (0.0, 0.4)
    )
    for (clip, classes), (changed, same) in zip(plain, colored, strict=True):
        np.testing.assert_array_equal(classes, same)
        assert not np.array_equal(clip, changed)
        # The order of brightness stays.
        for channel in range(2):
            order = np.argsort(clip[..., channel].ravel(), kind="stable")
            sorted_values = changed[..., channel].ravel()[order].astype(int)
            assert (np.diff(sorted_values) >= 0).all()


def test_color_changes_alike_in_all_frames(data):
    augmentation = Augmentation(flip=False, color=0.5)
    dataset = clip_dataset(
        data, "one_still", length=3, batch_size=1, augmentation=augmentation
    )
    looks = set()
    for clip, classes in examples(dataset, 5):
        np.testing.assert_array_equal(clip, clip[:1].repeat(3, 0))
        np.testing.assert_array_equal(classes, label(ROWS, COLUMNS, 0))
        looks.add(clip.tobytes())
    assert len(looks) == 5


# === Order ===


def test_seed_and_epoch_decide(data):
    def first(**order):
        dataset = clip_dataset(
            data,
            "two_labels",
            length=2,
            batch_size=4,
            augmentation=Augmentation(
                crop=(8, 12), scale=(1.0, 2.0), color=0.3
            ),
            **order,
        )
        return np.stack([clip for clip, _ in examples(dataset, 12, 4)])

    reference = first(seed=3, epoch=1)
    np.testing.assert_array_equal(first(seed=3, epoch=1), reference)
    for other in ({"seed": 4, "epoch": 1}, {"seed": 3, "epoch": 0}):
        assert not np.array_equal(first(**other), reference)


def test_workers_get_sequences_of_their_own(data):
    # Of the two sequences one each, and clips of their own of it.
    looks = []
    for shard in range(2):
        dataset = clip_dataset(
            data,
            "two_sizes",
            length=1,
            batch_size=1,
            augmentation=Augmentation(crop=(16, 32), flip=False),
            shards=2,
            shard=shard,
        )
        clips = [clip.tobytes() for clip, _ in examples(dataset, 12)]
        looks.append(set(clips))
    assert looks[0].isdisjoint(looks[1])
    assert min(map(len, looks)) > 4


def test_sizes_are_known(data):
    clip, classes = clip_dataset(
        data, "two_labels", length=3, batch_size=2
    ).element_spec
    assert clip.shape == (2, 3, HEIGHT, WIDTH, 3)
    assert classes.shape == (2, HEIGHT, WIDTH)
    pair, _ = pair_dataset(
        data,
        "two_labels",
        batch_size=2,
        augmentation=Augmentation(crop=(32, 8), scale=(1.0, 2.0)),
    ).element_spec
    assert pair.shape == (2, 2, 32, 8, 3)
