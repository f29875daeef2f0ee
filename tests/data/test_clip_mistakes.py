import numpy as np
import pytest
import tensorflow as tf
from sequence_drawing import (
    CLASSES,
    COLUMNS,
    HEIGHT,
    ROWS,
    SPLITS,
    WIDTH,
    build,
    examples,
    label,
)

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.clips import class_frequencies, clip_dataset
from accel_tf.data.label_maps import IGNORE


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return build(tmp_path_factory.mktemp("drawn"), SPLITS)


def test_frames_of_different_sizes_need_a_crop(data):
    def clips(**augmentation):
        dataset = clip_dataset(
            data,
            "two_sizes",
            length=1,
            batch_size=2,
            augmentation=Augmentation(**augmentation),
        )
        return examples(dataset, 4, 2)

    for options in ({"crop": (16, 32)}, {"crop": (20, 36), "scale": (1, 1)}):
        for clip, classes in clips(**options):
            assert clip.shape == (1, *options["crop"], 3)
            assert classes.shape == options["crop"]
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match="frames must all be .*, as the first is; or set a crop",
    ):
        clips()


def test_a_crop_larger_than_some_frames(data):
    first = examples(clip_dataset(data, "two_sizes", length=1, batch_size=1), 1)
    height, width = first[0][1].shape
    dataset = clip_dataset(
        data,
        "two_sizes",
        length=1,
        batch_size=2,
        augmentation=Augmentation(crop=(height, width)),
    )
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match=f"a crop of {height}x{width} does not fit into all frames",
    ):
        examples(dataset, 2, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "test"}, "no split 'test'; its splits are: .*two_labels"),
        ({"split": "two_labels[:0]"}, "is empty"),
        ({"split": "unlabelled"}, "no sequence of 'unlabelled' has a label"),
        ({"length": 0}, "length of 1 or more, not 0"),
        ({"batch_size": 0}, "batch_size must be 1 or more, not 0"),
        ({"spacing": -1}, "spacing must be .*, not -1"),
        ({"spacing": (2, 1)}, r"spacing must be .*, not \(2, 1\)"),
        ({"spacing": (1, 2, 3)}, r"spacing must be .*, not \(1, 2, 3\)"),
        ({"spacing": 1.5}, "spacing must be .*, not 1.5"),
        (
            {"augmentation": Augmentation(crop=(16, 25))},
            "crop of 16x25 does not fit into frames of 16x24; make it smaller "
            "or set scale",
        ),
    ],
)
def test_mistakes_with_clips(data, arguments, message):
    arguments = {
        "split": "two_labels",
        "length": 2,
        "batch_size": 1,
        **arguments,
    }
    with pytest.raises(ValueError, match=message) as caught:
        clip_dataset(data, **arguments)
    assert "\n" not in str(caught.value)


def test_class_frequencies(data):
    maps = [example["labels"] for example in SPLITS["two_sizes"]]
    classes = np.concatenate([np.ravel(each) for each in maps])
    classes = classes[classes != IGNORE]
    expected = np.bincount(classes, minlength=5) / classes.size
    assert expected[4] == 0
    frequencies = class_frequencies(data, "two_sizes", 5)
    assert frequencies.dtype == np.float64
    np.testing.assert_allclose(frequencies, expected)


def test_class_frequencies_count_all_labels(data):
    maps = [label(ROWS, COLUMNS, time) for time in (0, 1)]
    expected = np.bincount(np.ravel(maps), minlength=CLASSES)
    frequencies = class_frequencies(data, "mixed", CLASSES)
    np.testing.assert_allclose(frequencies, expected / (2 * HEIGHT * WIDTH))


@pytest.mark.parametrize(
    ("split", "num_classes", "message"),
    [
        ("unlabelled", 7, "no pixel of 'unlabelled' has a label"),
        ("mixed", 5, "'mixed' has the label 5, but there are 5 classes"),
        ("test", 7, "no split 'test'"),
    ],
)
def test_mistakes_with_class_frequencies(data, split, num_classes, message):
    with pytest.raises(ValueError, match=message):
        class_frequencies(data, split, num_classes)
