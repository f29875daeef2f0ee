"""Small sequences that the tests of input pipelines draw themselves."""

import numpy as np
import tensorflow_datasets as tfds

from accel_tf.data.label_maps import IGNORE
from accel_tf.datasets.local_info import LocalInfo
from accel_tf.datasets.sequence_features import sequence_features

HEIGHT, WIDTH = 16, 24
CLASSES = 7
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]


def frame(time):
    """The value of a pixel names its place and its time."""
    return np.stack([ROWS, COLUMNS, 0 * ROWS + time], -1).astype("uint8")


def label(rows, columns, time):
    """The class at a place and time."""
    return ((5 * rows + 3 * columns + time) % CLASSES).astype("uint8")


def sequence(length, labelled):
    return {
        "frames": [frame(time) for time in range(length)],
        "labels": [label(ROWS, COLUMNS, time)[..., None] for time in labelled],
        "label_positions": list(labelled),
    }


def broken(length, labelled, intact):
    """Of most images there are not even the first bytes."""
    example = sequence(length, labelled)
    for time in set(range(length)) - set(intact):
        example["frames"][time] = b"damaged"
    return example


def smooth_still():
    waves = np.sin(COLUMNS / 2.5) + np.cos(ROWS / 2 + COLUMNS / 5)
    image = np.stack([waves, -waves, np.cos(COLUMNS / 3)], -1)
    return {
        "frames": [(128 + 50 * image).astype("uint8")],
        "labels": [],
        "label_positions": [],
    }


def blocks(height, width):
    """Squares of 8 pixels, whose brightness is their class times 100."""
    classes = np.random.default_rng(3).integers(0, 3, (height, width), "uint8")
    classes = classes.repeat(8, axis=0).repeat(8, axis=1)
    classes[:8] = IGNORE
    gray = np.where(classes == IGNORE, 250, 100 * classes.astype(int))
    return {
        "frames": [np.stack([gray] * 3, -1).astype("uint8")],
        "labels": [classes[..., None]],
        "label_positions": [0],
    }


SPLITS = {
    "two_labels": [sequence(6, [2, 5])],
    "late_label": [sequence(3, [2])],
    "unlabelled": [sequence(3, []), sequence(1, [])],
    "mixed": [sequence(3, []), sequence(2, [1]), sequence(1, [0])],
    "broken": [broken(9, [8], intact=[0, 4, 8])],
    "broken_labels": [{**sequence(2, []), "labels": [b"damaged"]}],
    "still": [smooth_still()],
    "one_still": [sequence(1, [0])],
    "blocks": [blocks(3, 4)],
    "two_sizes": [blocks(3, 4), blocks(2, 5)],
}
for _name in SPLITS:
    for _number, _example in enumerate(SPLITS[_name]):
        _example["frame_numbers"] = list(range(len(_example["frames"])))
        _example["sequence_id"] = f"{_name}_{_number}"
SPLITS["broken_labels"][0]["label_positions"] = [1]


def flow_at(time):
    """(dx, dy) of a frame, another everywhere."""
    return np.stack([COLUMNS * 0.5 + time, ROWS * 0.25 - 2], -1)


FLOW_SPLITS = {
    "train": [
        {
            **SPLITS["two_labels"][0],
            "flows": np.stack([flow_at(time) for time in range(6)]).astype(
                "float32"
            ),
        }
    ]
}


def build(folder, splits, with_flow=False, names=None):
    """A built data set of the library's schema."""
    names = names or [f"class {number}" for number in range(CLASSES)]
    with tfds.core.registered.skip_registration():

        class Drawn(tfds.core.GeneratorBasedBuilder):
            VERSION = tfds.core.Version("1.0.0")
            pkg_dir_path = folder

            def _info(self):
                return LocalInfo(
                    builder=self,
                    features=sequence_features(names, with_flow=with_flow),
                )

            def _split_generators(self, dl_manager):
                return {
                    name: self._generate_examples(examples)
                    for name, examples in splits.items()
                }

            def _generate_examples(self, examples):
                yield from enumerate(examples)

    builder = Drawn(data_dir=folder)
    builder.download_and_prepare()
    return builder


def examples(dataset, count, batch_size=1):
    """The first examples, taken out of their batches."""
    result = []
    for batch in dataset.take(count // batch_size).as_numpy_iterator():
        result += zip(*batch, strict=True)
    return result


def times(clip):
    return tuple(clip[:, 0, 0, 2].tolist())
