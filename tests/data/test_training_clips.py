import clip_making
import numpy as np
import pytest
import tensorflow as tf

from accel_tf.data.clip_sampling import crop_views, segment_indices
from accel_tf.data.encoded_clips import decode_video
from accel_tf.data.training_clips import (
    ClipAugmentation,
    ClipSampling,
    clip_views,
    random_crop,
    training_clips,
)

SAMPLING = ClipSampling(frames=3, step=2, rate=None)
AUGMENTATION = ClipAugmentation(crop=16, sides=(16, 24))


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    """Two classes, of a video of 12 frames and of a folder of 6 frames."""
    root = tmp_path_factory.mktemp("clips")
    for split in ("train", "validation"):
        clip_making.write_video(root / split / "a/one.mp4", frames=12)
        clip_making.write_frames(root / split / "b/two", height=40)
    data_dir = tmp_path_factory.mktemp("data")
    return clip_making.build("clip_folder", data_dir, root, side=None)


def take(builder, count, **options):
    dataset = training_clips(
        builder,
        "train",
        **{
            "sampling": SAMPLING,
            "augmentation": AUGMENTATION,
            "batch_size": 4,
            **options,
        },
    )
    return [(c.numpy(), y.numpy()) for c, y in dataset.take(count)]


def test_batches_are_random_clips_and_always_the_same(builder):
    first = take(builder, 4, seed=1)
    for clips, classes in first:
        assert clips.shape == (4, 3, 16, 16, 3) and clips.dtype == np.uint8
        assert classes.dtype == np.int64 and set(classes) == {0, 1}
    for (clips, classes), (again, same) in zip(
        first, take(builder, 4, seed=1), strict=True
    ):
        np.testing.assert_array_equal(clips, again)
        np.testing.assert_array_equal(classes, same)
    starts = {0: set(), 1: set()}
    for clips, classes in first:
        for clip, label in zip(clips, classes, strict=True):
            shown = clip_making.shown_in(clip)
            starts[label].add(shown[0])
            assert shown[0] + 4 <= shown[-1] <= shown[0] + 6
    # The video has 12 frames, the folder 6, of which a clip spans 6.
    assert starts[1] == {0} and len(starts[0]) > 1


def test_views_are_those_of_the_protocol(builder):
    views = list(
        clip_views(
            builder, "train", sampling=SAMPLING, size=16, views=2, crops=3
        )
    )
    assert len(views) == 2
    for clips, label, clip_id in views:
        assert clips.shape == (6, 3, 16, 16, 3)
        shown = [clip_making.shown_in(clip) for clip in clips]
        if label == 0:
            assert clip_id == b"a/one.mp4"
            assert shown == 3 * [[0, 2, 5]] + 3 * [[3, 5, 8]]
        else:
            assert clip_id == b"b/two"
            assert shown == 6 * [[0, 2, 5]]


def test_views_of_segments(builder):
    def shown(views, seed=0):
        dataset = clip_views(
            builder,
            "train",
            sampling=ClipSampling(frames=3, step=None),
            size=16,
            views=views,
            seed=seed,
        )
        return {
            clip_id.numpy(): [clip_making.shown_in(clip) for clip in clips]
            for clips, _, clip_id in dataset
        }

    assert shown(1) == {
        b"a/one.mp4": [segment_indices(12, 3).tolist()],
        b"b/two": [segment_indices(6, 3).tolist()],
    }
    drawn = shown(8, seed=1)
    assert drawn == shown(8, seed=1)
    assert len({tuple(view) for view in drawn[b"a/one.mp4"]}) > 1


def test_a_step_is_in_frames_of_the_rate():
    rng = np.random.default_rng(0)
    at_30 = ClipSampling(frames=4, step=5).view(300, 30.0, 0, 1, rng)
    at_15 = ClipSampling(frames=4, step=5).view(300, 15.0, 0, 1, rng)
    assert at_30.tolist() == [0, 6, 12, 19] and at_15.tolist() == [0, 3, 6, 9]
    own = ClipSampling(frames=4, step=5, rate=None).view(300, 15.0, 0, 1, rng)
    assert own.tolist() == at_30.tolist()


def gradient(height, width):
    """Red grows to the right, green downwards, in steps of 4."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    frame = np.stack([4 * x, 4 * y, 0 * x], -1).astype(np.uint8)
    return np.stack([frame, frame])


def random_crops(clip, augmentation, count):
    """Crops by several seeds; the graph is traced once."""
    seeds = tf.data.Dataset.range(count)
    return [
        crop.numpy()
        for crop in seeds.map(
            lambda seed: random_crop(
                tf.constant(clip), augmentation, tf.stack([seed, 1])
            )
        )
    ]


@pytest.mark.parametrize("flip", [False, True])
def test_a_random_crop_is_a_part_of_the_enlarged_frames(flip):
    clip = gradient(20, 30)
    augmentation = ClipAugmentation(16, (20, 40), flip=flip)
    sides, lefts, mirrored = set(), set(), set()
    for crop in random_crops(clip, augmentation, 30):
        assert crop.shape == (2, 16, 16, 3)
        np.testing.assert_array_equal(crop[0], crop[1])
        steps = np.diff(crop[0, 8, 4:12, 0].astype(float)).mean()
        mirrored.add(bool(steps < 0))
        sides.add(round(20 * 4 / abs(steps)))
        lefts.add(crop[0, 8, 8, 0] // 8)
    assert min(sides) < 26 and max(sides) > 34 and len(lefts) > 4
    assert mirrored == ({True, False} if flip else {False})


@pytest.mark.parametrize("side", [16, 37])
def test_a_crop_that_leaves_no_choice_is_the_view_of_the_test(side):
    rng = np.random.default_rng(0)
    clip = rng.integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    augmentation = ClipAugmentation(16, (16, 16), flip=False)
    crop = random_crop(tf.constant(clip), augmentation, [3, 4]).numpy()
    np.testing.assert_allclose(
        crop.astype(int),
        crop_views(clip, 16, 1)[0].astype(int),
        atol=int(side > 16),
    )


def test_the_inverse_of_the_side_is_drawn_evenly():
    clip, means = gradient(20, 20), []
    for inverse in (False, True):
        augmentation = ClipAugmentation(16, (20, 80), inverse, flip=False)
        crops = np.stack(random_crops(clip, augmentation, 60))
        steps = np.diff(crops[:, 0, 8, 2:14, 0].astype(float)).mean(1)
        means.append(np.mean(80 / steps))
    # Of U(20, 80) it is 50, of 1 / U(1/80, 1/20) it is 37.
    assert abs(means[0] - 50) < 6 and abs(means[1] - 37) < 5


def test_frames_of_a_video(tmp_path):
    path = clip_making.write_video(tmp_path / "video.mp4", frames=5)
    clip = decode_video(path.read_bytes(), [3, 0, 3])
    assert clip_making.shown_in(clip) == [3, 0, 3]
    with pytest.raises(ValueError, match="clip 7 has no frame 5: it ends"):
        decode_video(path.read_bytes(), [1, 5], "clip 7")
    with pytest.raises(ValueError, match="clip 7 is not a video"):
        decode_video(b"no video" * 9, [0], "clip 7")


def test_bad_arguments_are_named(builder):
    options = {"sampling": SAMPLING, "augmentation": AUGMENTATION}
    for call, text in (
        (lambda: ClipSampling(frames=0), "frames must be 1 or more, not 0"),
        (lambda: ClipSampling(step=0), "step must be above 0, not 0"),
        (lambda: ClipAugmentation(32, (24, 48)), "crop 32 and sides"),
        (
            lambda: training_clips(builder, "dev", batch_size=1, **options),
            "no split 'dev'; its splits are: train, validation",
        ),
        (
            lambda: training_clips(builder, "train", batch_size=0, **options),
            "batch_size must be 1 or more, not 0",
        ),
        (
            lambda: training_clips(
                builder, "train", batch_size=1, shards=3, **options
            ),
            "has 2 clips in 'train', too few for 3 workers",
        ),
        (
            lambda: clip_views(
                builder, "train", sampling=SAMPLING, size=16, crops=2
            ),
            "crops must be 1 or 3, not 2",
        ),
    ):
        with pytest.raises(ValueError, match=text):
            call()
