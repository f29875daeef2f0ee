"""Miniature CamVid folders that the tests draw themselves."""

import image_writing
import numpy as np
import pytest
import tensorflow_datasets as tfds

from accel_tf.data.camvid_classes import CAMVID_32

STILLS = {
    "train": [
        ("0001TP", 6690),
        ("0001TP", 6720),
        ("0016E5", 390),
        ("0006R0", 930),
    ],
    "val": [("0016E5", number) for number in (7959, 7961, 7963)],
    "test": [("Seq05VD", 60), ("Seq05VD", 90)],
}


def stem_of(drive, number):
    infix = "f" if drive in ("0006R0", "Seq05VD") else ""
    return f"{drive}_{infix}{number:05d}"


def label_of(number, height=16, width=24):
    """Every value from 0 to 11, at other places for other numbers."""
    values = np.arange(height * width).reshape(height, width) + number
    return (values % 12).astype(np.uint8)


def draw_segnet(root, ending=".png", splits=STILLS):
    for split, stills in splits.items():
        for drive, number in stills:
            stem = stem_of(drive, number)
            frame = image_writing.random_frame(number)
            image_writing.write_image(root / split / (stem + ending), frame)
            image_writing.write_image(
                root / f"{split}annot" / f"{stem}.png", label_of(number)
            )
    return root


def colored(classes):
    return np.array(CAMVID_32.colors, np.uint8)[classes]


def draw_official(root, splits=STILLS, video_frames=0):
    for split, stills in splits.items():
        stems = [stem_of(*still) for still in stills]
        for stem, (drive, number) in zip(stems, stills, strict=True):
            image_writing.write_image(
                root / "701_StillsRaw_full" / f"{stem}.png",
                image_writing.random_frame(number),
            )
            image_writing.write_image(
                root / "LabeledApproved_full" / f"{stem}_L.png",
                colored(label_of(number) + 20),
            )
            for before in range(video_frames):
                image_writing.write_image(
                    root / f"frames_30hz/{drive}_{number - before:05d}.jpg",
                    image_writing.random_frame(number - before),
                )
        (root / f"{split}.txt").write_text("\n".join(stems) + "\n")
    return root


def _draw_stills(frames, labels, stills, ending, draw_label):
    for drive, number in stills:
        stem = f"{drive}_{number:06d}"
        frame = image_writing.random_frame(number)
        image_writing.write_image(frames / f"{stem}.png", frame)
        label = draw_label(label_of(number) + 20)
        image_writing.write_image(labels / f"{stem}{ending}.png", label)


def draw_kaggle(root):
    for split, stills in STILLS.items():
        folders = root / split, root / f"{split}_labels"
        _draw_stills(*folders, stills, "_L", colored)
    lines = [
        ",".join(map(str, (name, *color)))
        for name, color in zip(CAMVID_32.names, CAMVID_32.colors, strict=True)
    ]
    text = "\r\n".join(["name,r,g,b", *lines]) + "\r\n"
    (root / "class_dict.csv").write_text(text)
    return root


def draw_fastai(root):
    """With a list of classes in the opposite order."""
    stills = STILLS["train"] + STILLS["val"]
    count = len(CAMVID_32) - 1
    _draw_stills(
        root / "images", root / "labels", stills, "_P", lambda x: count - x
    )
    (root / "codes.txt").write_text("\n".join(reversed(CAMVID_32.names)))
    (root / "valid.txt").write_text(
        "\n".join(
            f"{drive}_{number:06d}.png" for drive, number in STILLS["val"]
        )
    )
    return root


def build(manual_dir, data_dir, config="segnet_480x360"):
    builder = tfds.builder("camvid_sequences", config=config, data_dir=data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
    )
    return builder


def read(builder, split):
    """The examples of a split by their ids."""
    examples = tfds.as_numpy(builder.as_dataset(split=split))
    return {example["sequence_id"].decode(): example for example in examples}


def fails(error, manual_dir, data_dir, config="segnet_480x360"):
    """The message, after a check that it is one line and nothing was built."""
    with pytest.raises(error) as caught:
        build(manual_dir, data_dir, config)
    left = [path.name for path in data_dir.rglob("*") if path.is_file()]
    assert not [name for name in left if "tfrecord" in name]
    message = str(caught.value)
    assert "\n" not in message
    return message
