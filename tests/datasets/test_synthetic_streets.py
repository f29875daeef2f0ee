import pathlib

import numpy as np
import pytest
import tensorflow_datasets as tfds

from accel_tf.data import streets
from accel_tf.datasets import synthetic_streets
from accel_tf.datasets.sequence_features import sequence_features


def miniature(**options):
    return synthetic_streets.SyntheticStreetsConfig(
        **{
            "name": "miniature",
            "height": 32,
            "width": 48,
            "train_sequences": 3,
            "train_length": 2,
            "validation_sequences": 2,
            "validation_length": 3,
            **options,
        }
    )


class SyntheticStreetsTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = synthetic_streets.SyntheticStreets
    BUILDER_CONFIG_NAMES_TO_TEST = [miniature()]
    SPLITS = {"train": 3, "validation": 2}
    # Nothing is read from there, but TFDS wants a folder that exists.
    EXAMPLE_DIR = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    builder = tfds.builder(
        "synthetic_streets",
        config=miniature(),
        data_dir=tmp_path_factory.mktemp("data"),
    )
    builder.download_and_prepare()
    return builder


def read(builder, split):
    examples = tfds.as_numpy(builder.as_dataset(split=split))
    return {example["sequence_id"]: example for example in examples}


def test_examples_come_back_exactly(builder):
    for split, first_seed, count, length in (
        ("train", 0, 3, 2),
        ("validation", 1, 2, 3),
    ):
        examples = read(builder, split)
        assert len(examples) == count
        for number in range(count):
            example = examples[f"{split}_{number:05d}".encode()]
            seed = first_seed + 2 * number
            frames = list(streets.street_sequence(seed, 32, 48, length))
            assert example["frames"].dtype == np.uint8
            assert example["labels"].dtype == np.uint8
            assert example["flows"].dtype == np.float32
            for index, frame in enumerate(frames):
                np.testing.assert_array_equal(
                    example["frames"][index], frame.image
                )
                np.testing.assert_array_equal(
                    example["labels"][index, ..., 0], frame.labels
                )
                np.testing.assert_array_equal(
                    example["flows"][index], frame.flow
                )
            assert example["label_positions"].tolist() == list(range(length))
            assert example["frame_numbers"].tolist() == list(range(length))


def test_class_names_and_description_are_in_the_info(builder):
    labels = builder.info.features["labels"].feature
    assert labels.names == list(streets.CLASS_NAMES)
    assert "Procedural street scenes" in builder.info.description


def test_class_names_survive_reading_from_disk(builder):
    again = tfds.builder_from_directory(builder.data_dir)
    labels = again.info.features["labels"].feature
    assert labels.names == list(streets.CLASS_NAMES)


def test_flow_can_be_left_out(tmp_path):
    config = miniature(name="no_flow", train_sequences=1, with_flow=False)
    builder = tfds.builder(
        "synthetic_streets", config=config, data_dir=tmp_path
    )
    builder.download_and_prepare()
    (example,) = read(builder, "train").values()
    assert "flows" not in example
    assert example["frames"].shape == (2, 32, 48, 3)


@pytest.mark.parametrize(
    ("name", "size"),
    [("tiny_128x256", (128, 256)), ("half_512x1024", (512, 1024))],
)
def test_published_configurations_are_registered(name, size, tmp_path):
    builder = tfds.builder(f"synthetic_streets/{name}", data_dir=tmp_path)
    config = builder.builder_config
    assert (config.height, config.width) == size
    assert ("flows" in builder.info.features) == config.with_flow


def test_the_tiny_configuration_is_the_default(tmp_path):
    builder = tfds.builder("synthetic_streets", data_dir=tmp_path)
    assert builder.builder_config.name == "tiny_128x256"


def test_sequence_features_rejects_unknown_image_formats():
    with pytest.raises(ValueError, match='"png" or "jpeg", got \'gif\''):
        sequence_features(["road"], image_format="gif")


def test_sequence_features_keeps_the_chosen_image_format():
    features = sequence_features(["road"], image_format="jpeg")
    image = np.full((16, 16, 3), 90, np.uint8)
    encoded = features["frames"].feature.encode_example(image)
    assert encoded[:2] == b"\xff\xd8"


@pytest.mark.parametrize("count", [0, 256])
def test_sequence_features_limits_the_number_of_classes(count):
    names = [f"class {number}" for number in range(count)]
    with pytest.raises(ValueError, match=f"1 to 255 names, got {count}"):
        sequence_features(names)
