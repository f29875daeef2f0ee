"""A miniature folder of clips that the tests draw themselves."""

import image_writing
import numpy as np
import tensorflow_datasets as tfds

from accel_tf.data.label_maps import LabelMap
from accel_tf.datasets.video_folder import VideoFolderConfig

CLASSES = """\
# name red green blue
road 10 20 30
traffic light 250 170 30

person 220 20 60
ignore 0 0 0
ignore 255 255 255
"""
LABEL_MAP = LabelMap(
    ("road", "traffic light", "person"),
    ((10, 20, 30), (250, 170, 30), (220, 20, 60)),
)


def label_of(seed):
    """The classes 0 to 2 and 255."""
    label = np.random.default_rng(seed).integers(0, 4, (16, 24), np.uint8)
    return np.where(label == 3, np.uint8(255), label)


def colored(label):
    colors = np.zeros((256, 3), np.uint8)
    colors[:3] = LABEL_MAP.colors
    image = colors[label]
    image[0, :5] = 255  # the second colour to ignore
    return image


def draw_clip(folder, numbers, ending=".png"):
    for number in numbers:
        image_writing.write_image(
            folder / "frames" / f"{number:06d}{ending}",
            image_writing.random_frame(number),
        )


def draw(root, ending=".png"):
    """Two labelled clips, one of them in three ways, and an unlabelled one."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "classes.txt").write_text(CLASSES)
    draw_clip(root / "train/first", range(8, 14), ending)
    labels = root / "train/first/labels"
    image_writing.write_image(labels / "000009.png", label_of(9))
    image_writing.write_image(labels / "000011.png", colored(label_of(11)))
    image_writing.write_paletted(labels / "000013.png", label_of(13))
    draw_clip(root / "train/unlabelled", range(0, 50, 10), ending)
    draw_clip(root / "validation/street", range(3), ending)
    image_writing.write_image(
        root / "validation/street/labels/000002.png", label_of(2)
    )
    return root


def build(manual_dir, data_dir, window=None, **arguments):
    config = "clips"
    if window is not None:
        config = VideoFolderConfig(name=f"window_{window}", window=window)
    builder = tfds.builder(
        "video_folder", config=config, data_dir=data_dir, **arguments
    )
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
    )
    return builder


def read(builder, split):
    """The examples of a split by their ids."""
    examples = tfds.as_numpy(builder.as_dataset(split=split))
    return {example["sequence_id"].decode(): example for example in examples}
