"""A miniature of the extracted Cityscapes folders, and builds from it."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from accel_tf.datasets import cityscapes_sequences

SIZE = 16, 32
# Split, city, drive and number of the labelled frame.
SNIPPETS = (
    ("train", "aachen", 0, 19),
    ("train", "aachen", 1, 19),
    ("train", "bochum", 0, 313),
    ("train", "bochum", 0, 343),
    ("val", "lindau", 0, 19),
)


def frame_path(root, split, city, drive, number):
    return (
        root
        / f"leftImg8bit_sequence/{split}/{city}"
        / f"{city}_{drive:06d}_{number:06d}_leftImg8bit.png"
    )


def label_path(root, split, city, drive, number, kind="labelIds"):
    return (
        root
        / f"gtFine/{split}/{city}"
        / f"{city}_{drive:06d}_{number:06d}_gtFine_{kind}.png"
    )


def frame(seed, size=SIZE):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (*size, 3), dtype=np.uint8)


def label_ids(seed, size=SIZE):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 34, size, dtype=np.uint8)


def write_png(path, image):
    """Writes an image uint8 [H, W] or [H, W, 3]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if image.ndim == 2:
        image = image[..., None]
    with tf.init_scope():
        path.write_bytes(tf.io.encode_png(image).numpy())


def write_snippet(root, split, city, drive, labeled, size=SIZE):
    """30 frames, of which the 20th has the number `labeled` and a label."""
    for number in range(labeled - 19, labeled + 11):
        path = frame_path(root, split, city, drive, number)
        write_png(path, frame(1000 * drive + number, size))
    write_png(
        label_path(root, split, city, drive, labeled), label_ids(labeled, size)
    )


def write_tree(root):
    """Draws all `SNIPPETS`; returns `root`."""
    for snippet in SNIPPETS:
        write_snippet(root, *snippet)
    return root


def make(data_dir, on_fault="error", **options):
    """A builder with windows of three frames, if not said otherwise."""
    config = cityscapes_sequences.CityscapesSequencesConfig(
        **{"name": "miniature", "length": 3, **options}
    )
    return tfds.builder(
        "cityscapes_sequences",
        config=config,
        data_dir=data_dir,
        on_fault=on_fault,
    )


def prepare(builder, tree, **options):
    """Builds; options are those of `DownloadConfig`. Returns the builder."""
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=tree, **options)
    )
    return builder


def read(builder, split="train", **options):
    """The examples of a split by their `sequence_id`."""
    examples = tfds.as_numpy(builder.as_dataset(split=split, **options))
    return {example["sequence_id"].decode(): example for example in examples}
