import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from accel_tf.data import streets
from accel_tf.data.sequences import EncodedImages, read_sequences
from accel_tf.datasets import synthetic_streets
from accel_tf.datasets.local_info import LocalInfo


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    config = synthetic_streets.SyntheticStreetsConfig(
        name="miniature",
        height=32,
        width=48,
        train_sequences=1,
        train_length=2,
        validation_sequences=3,
        validation_length=3,
    )
    builder = tfds.builder(
        "synthetic_streets",
        config=config,
        data_dir=tmp_path_factory.mktemp("data"),
    )
    builder.download_and_prepare()
    return tfds.builder_from_directory(builder.data_dir)


def test_sequences_hold_what_was_built(builder):
    sequences = read_sequences(builder, "validation")
    assert len(sequences) == 3
    assert sequences.class_names == streets.CLASS_NAMES
    examples = list(tfds.as_numpy(builder.as_dataset(split="validation")))
    for sequence, example in zip(sequences, examples, strict=True):
        assert sequence["sequence_id"] == example["sequence_id"].decode()
        for images in ("frames", "labels"):
            assert len(sequence[images]) == 3
            for index in range(3):
                assert sequence[images][index].dtype == np.uint8
                np.testing.assert_array_equal(
                    sequence[images][index], example[images][index]
                )
        for name in ("label_positions", "frame_numbers", "flows"):
            np.testing.assert_array_equal(sequence[name], example[name])


def test_the_order_is_always_the_same(builder):
    sequences = read_sequences(builder, "validation")
    ids = [sequence["sequence_id"] for sequence in sequences]
    assert sorted(ids) == [f"validation_0000{i}" for i in range(3)]
    assert [sequence["sequence_id"] for sequence in sequences] == ids
    limited = read_sequences(builder, "validation", limit=2)
    assert len(limited) == 2
    assert [sequence["sequence_id"] for sequence in limited] == ids[:2]


def test_limit_may_exceed_the_split(builder):
    assert len(read_sequences(builder, "validation[:2]", limit=9)) == 2


def test_bad_split_and_limit(builder):
    for split in ("test", "validation[a:]"):
        with pytest.raises(ValueError) as caught:
            read_sequences(builder, split)
        assert f"has no split '{split}'; its splits" in str(caught.value)
        assert str(caught.value).endswith("train, validation.")
    with pytest.raises(ValueError, match="limit must be 1 or more.*got 0"):
        read_sequences(builder, "validation", limit=0)
    with pytest.raises(ValueError, match="validation.:0.* is empty"):
        read_sequences(builder, "validation[:0]")


def test_a_data_set_of_something_else(tmp_path):
    class Scalars(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = tmp_path

        def _info(self):
            features = tfds.features.FeaturesDict({"number": np.int64})
            return LocalInfo(builder=self, features=features)

        def _split_generators(self, dl_manager):
            return {}

        def _generate_examples(self):
            return []

    with pytest.raises(ValueError, match="no labelled.*features are number"):
        read_sequences(Scalars(data_dir=tmp_path), "train")


def test_images_are_decoded_when_indexed():
    good = tf.io.encode_png(np.full((2, 3, 3), 7, np.uint8)).numpy()
    images = EncodedImages([good, b"damaged"], 3, "frames of street_1")
    assert len(images) == 2
    np.testing.assert_array_equal(images[np.int64(0)], np.full((2, 3, 3), 7))
    with pytest.raises(ValueError) as caught:
        images[1]
    message = "image 1 of the frames of street_1 cannot be decoded."
    assert str(caught.value) == message
    with pytest.raises(IndexError):
        images[2]
