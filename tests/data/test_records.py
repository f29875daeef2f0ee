import clip_drawing
import image_writing
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from accel_tf.data.builders import make_builder, prepared_builder
from accel_tf.data.records import (
    decode_frames,
    decode_labels,
    encoded_sequences,
    frame_size,
    label_counts,
    split_info,
)

COUNT = 7


@pytest.fixture(scope="module")
def streets(tmp_path_factory):
    """Seven sequences of two frames, in three files."""
    folder = tmp_path_factory.mktemp("data")
    builder = make_builder(
        "synthetic_streets",
        folder,
        name="miniature",
        height=16,
        width=20,
        train_sequences=COUNT,
        train_length=2,
        validation_sequences=3,
        validation_length=1,
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(num_shards=3)
    )
    builder = prepared_builder("synthetic_streets/miniature", folder)
    assert builder.info.splits["train"].num_shards == 3
    return builder


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """In `train` a clip with labels and one without."""
    manual_dir = tmp_path_factory.mktemp("clips")
    clip_drawing.draw(manual_dir)
    builder = make_builder("video_folder/clips", tmp_path_factory.mktemp("out"))
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
    )
    return builder


def take(dataset, count):
    """Names and seeds of the first sequences."""
    pairs = [
        (sequence["sequence_id"].decode(), tuple(seed.tolist()))
        for sequence, seed in dataset.take(count).as_numpy_iterator()
    ]
    names, seeds = zip(*pairs, strict=True)
    return list(names), list(seeds)


def all_names(builder, split="train"):
    return sorted(
        example["sequence_id"].decode()
        for example in tfds.as_numpy(builder.as_dataset(split=split))
    )


def test_images_stay_encoded(streets):
    dataset = encoded_sequences(streets, "train")
    sequence, seed = next(dataset.as_numpy_iterator())
    assert set(sequence) == set(streets.info.features) - {"flows"}
    for name in ("frames", "labels"):
        assert len(sequence[name]) == 2
        assert all(data[1:4] == b"PNG" for data in sequence[name])
    assert seed.shape == (2,) and seed.dtype == np.int64
    examples = {
        example["sequence_id"]: example
        for example in tfds.as_numpy(streets.as_dataset(split="train"))
    }
    example = examples[sequence["sequence_id"]]
    np.testing.assert_array_equal(
        decode_frames(sequence["frames"]), example["frames"]
    )
    np.testing.assert_array_equal(
        decode_labels(sequence["labels"][1]), example["labels"][1, ..., 0]
    )
    dataset = encoded_sequences(streets, "train", with_flow=True)
    sequence, _ = next(dataset.as_numpy_iterator())
    np.testing.assert_array_equal(
        sequence["flows"], examples[sequence["sequence_id"]]["flows"]
    )


def test_every_pass_is_complete_and_has_new_seeds(streets):
    names, seeds = take(encoded_sequences(streets, "train"), 4 * COUNT)
    passes = [names[start : start + COUNT] for start in range(0, 28, COUNT)]
    assert all(sorted(each) == all_names(streets) for each in passes)
    assert len(set(map(tuple, passes))) > 1
    assert len(set(seeds)) == len(seeds)


def test_arguments_alone_decide(streets):
    first = take(encoded_sequences(streets, "train", seed=3, epoch=2), 20)
    tf.random.set_seed(77)
    dataset = encoded_sequences(streets, "train", seed=3, epoch=2)
    assert take(dataset, 20) == first
    # Keras may look at a batch before it starts to train.
    assert take(dataset, 20) == first
    for other in ({"seed": 4, "epoch": 2}, {"seed": 3, "epoch": 1}):
        names, seeds = take(encoded_sequences(streets, "train", **other), 20)
        assert names != first[0]
        assert set(seeds).isdisjoint(first[1])


def test_the_program_keeps_its_own_seed(streets):
    tf.random.set_seed(5)
    expected = tf.random.uniform([3]).numpy()
    tf.random.set_seed(5)
    take(encoded_sequences(streets, "train"), 2)
    np.testing.assert_array_equal(tf.random.uniform([3]), expected)


@pytest.mark.parametrize("shards", [3, 5])
def test_workers_share_every_pass(streets, shards):
    in_file = streets.info.splits["train"].shard_lengths
    passes, all_seeds = [[], [], []], []
    for shard in range(shards):
        if shards <= len(in_file):
            size = sum(in_file[shard::shards])
        else:
            # Too few files; every worker reads all and keeps its part.
            size = len(range(shard, COUNT, shards))
        dataset = encoded_sequences(
            streets, "train", seed=1, shards=shards, shard=shard
        )
        names, seeds = take(dataset, 3 * size)
        for number in range(3):
            passes[number] += names[number * size : (number + 1) * size]
        all_seeds += seeds
    assert [sorted(names) for names in passes] == [all_names(streets)] * 3
    assert len(set(all_seeds)) == len(all_seeds)


def test_only_what_is_usable(clips):
    def has_label(sequence):
        return tf.size(sequence["labels"]) > 0

    names, _ = take(encoded_sequences(clips, "train"), 6)
    assert set(names) == {"train/first", "train/unlabelled"}
    dataset = encoded_sequences(clips, "train", usable=has_label)
    assert set(take(dataset, 6)[0]) == {"train/first"}
    dataset = encoded_sequences(
        clips, "train", usable=lambda sequence: tf.size(sequence["frames"]) > 9
    )
    with pytest.raises(tf.errors.FailedPreconditionError):
        take(dataset, 1)


def test_slices_of_splits(streets):
    names, _ = take(encoded_sequences(streets, "train[:3]"), 12)
    assert sorted(set(names)) == all_names(streets, "train[:3]")
    assert split_info(streets, "train[:3]").num_examples == 3


@pytest.mark.parametrize(
    ("split", "order", "message"),
    [
        ("test", {}, "has no split 'test'; its splits are: train, validation"),
        ("train[:0]", {}, r"train\[:0\] of .* is empty"),
        (
            "train",
            {"shards": 8},
            "has 7 sequences in 'train', too few for 8 workers",
        ),
        ("train", {"shards": 2, "shard": 2}, "not 2 of 2"),
        ("train", {"shard": -1}, "not -1 of 1"),
        ("train", {"shards": 0}, "not 0 of 0"),
    ],
)
def test_mistakes(streets, split, order, message):
    with pytest.raises(ValueError, match=message) as caught:
        encoded_sequences(streets, split, **order)
    assert "\n" not in str(caught.value)


def test_an_image_that_is_wanted_again_is_decoded_once(monkeypatch):
    images = [image_writing.random_frame(seed) for seed in range(2)]
    encoded = [tf.io.encode_png(image).numpy() for image in images]
    calls = []
    decode = tf.io.decode_image

    def counted(data, **options):
        calls.append(data)
        return decode(data, **options)

    monkeypatch.setattr(tf.io, "decode_image", counted)
    order = [1, 0, 1, 1]
    result = decode_frames(tf.constant([encoded[index] for index in order]))
    np.testing.assert_array_equal(result, [images[index] for index in order])
    assert len(calls) == 2


def test_size_of_the_first_frame(streets, clips):
    assert frame_size(streets, "train") == (16, 20)
    assert frame_size(clips, "validation") == (16, 24)
    assert frame_size(streets, "train", lambda _: tf.constant(False)) is None


def test_label_counts(clips):
    labels = [
        example["labels"].ravel()
        for example in tfds.as_numpy(clips.as_dataset(split="train"))
    ]
    expected = np.bincount(np.concatenate(labels), minlength=256)
    assert expected[255] > 0 and expected.sum() == 3 * 16 * 24
    np.testing.assert_array_equal(label_counts(clips, "train"), expected)
