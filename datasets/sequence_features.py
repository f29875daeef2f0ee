"""The one feature schema of all video segmentation builders.

Whatever the data set, an example is one sequence of consecutive frames with a
label map for some of them, so one input pipeline reads them all.
"""

import numpy as np
import tensorflow_datasets as tfds

from accel_tf.data.label_maps import IGNORE


def sequence_features(class_names, with_flow=False, image_format="png"):
    """The features of one video sequence.

    | feature | decoded | meaning |
    |---|---|---|
    | `frames` | uint8 [T, H, W, 3] | RGB, oldest frame first |
    | `labels` | uint8 [L, H, W, 1] | class index of each pixel; 255: ignore |
    | `label_positions` | int64 [L] | which frame each label map belongs to: \
an index into `frames` |
    | `frame_numbers` | int64 [T] | the data set's own number of each frame |
    | `sequence_id` | string | unique within the data set |
    | `flows` | float32 [T, H, W, 2] | only with `with_flow`: backward \
optical flow of each frame, channels (dx, dy) in pixels; the point seen at \
(x, y) was at (x + dx, y + dy) in the frame before |

    The class names can be read back as
    `builder.info.features["labels"].feature.names`.

    Args:
        class_names: names of the classes, in the order of their indices.
        with_flow: whether examples carry `flows`.
        image_format: "png" or "jpeg", how `frames` are stored; label maps are
            always PNG.

    Returns:
        A `tfds.features.FeaturesDict`.

    Raises:
        ValueError: `image_format` is something else, or there are no class
            names, or more than 255.
    """
    if image_format not in ("png", "jpeg"):
        raise ValueError(
            f'image_format must be "png" or "jpeg", got {image_format!r}'
        )
    class_names = list(class_names)
    if not 1 <= len(class_names) <= IGNORE:
        raise ValueError(
            f"class_names must hold 1 to {IGNORE} names, got {len(class_names)}"
        )
    features = {
        "frames": tfds.features.Sequence(
            tfds.features.Image(
                shape=(None, None, 3), encoding_format=image_format
            ),
            doc="RGB frames, oldest first.",
        ),
        "labels": tfds.features.Sequence(
            tfds.features.LabeledImage(
                labels=class_names,
                shape=(None, None, 1),
                dtype=np.uint8,
                encoding_format="png",
            ),
            doc=f"Class index of each pixel; {IGNORE}: ignore.",
        ),
        "label_positions": tfds.features.Sequence(
            tfds.features.Scalar(np.int64),
            doc="For each label map, the index of its frame in `frames`.",
        ),
        "frame_numbers": tfds.features.Sequence(
            tfds.features.Scalar(np.int64),
            doc="The data set's own number of each frame.",
        ),
        "sequence_id": tfds.features.Text(
            doc="Identifies the sequence within the data set."
        ),
    }
    if with_flow:
        # Stored as plain bytes: compression takes long and gains a fifth.
        features["flows"] = tfds.features.Tensor(
            shape=(None, None, None, 2),
            dtype=np.float32,
            encoding=tfds.features.Encoding.BYTES,
            doc="Backward optical flow of each frame, (dx, dy) in pixels.",
        )
    return tfds.features.FeaturesDict(features)
