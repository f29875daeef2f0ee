"""The one feature schema of all builders for clip classification.

An example is a whole video with its class. It holds either the images of its
frames or the bytes of its file; both stay encoded until a pipeline knows which
frames it needs.
"""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds


def clip_features(class_names):
    """The features of one video with a class.

    | feature | decoded | meaning |
    |---|---|---|
    | `frames` | uint8 [T, H, W, 3] | RGB, oldest frame first; empty where \
there is a `video` |
    | `video` | string | content of a video file; empty where there are \
`frames` |
    | `label` | int64 | index of the class |
    | `frame_count` | int64 | frames of the video |
    | `frame_rate` | float32 | frames per second |
    | `clip_id` | string | unique within the split |

    The class names can be read back as `builder.info.features["label"].names`.
    `accel_tf.data.training_clips` reads it.

    Args:
        class_names: names of the classes, in the order of their indices.

    Returns:
        A `tfds.features.FeaturesDict`.

    Raises:
        ValueError: There are fewer than two names, one is empty, or one
            occurs twice.
    """
    class_names = list(class_names)
    if len(class_names) < 2:
        raise ValueError(
            f"a classifier needs two classes or more, got {class_names}"
        )
    seen = set()
    for name in class_names:
        if not name.strip():
            raise ValueError("class_names has an empty name")
        if name in seen:
            raise ValueError(f"class_names has {name!r} twice")
        seen.add(name)
    return tfds.features.FeaturesDict(
        {
            "frames": tfds.features.Sequence(
                tfds.features.Image(shape=(None, None, 3)),
                doc="RGB frames, oldest first; none where there is a video.",
            ),
            "video": tfds.features.Tensor(
                shape=(),
                dtype=tf.string,
                doc="A video file; empty where there are frames.",
            ),
            "label": tfds.features.ClassLabel(names=class_names),
            "frame_count": tfds.features.Scalar(
                np.int64, doc="Frames of the video."
            ),
            "frame_rate": tfds.features.Scalar(
                np.float32, doc="Frames per second."
            ),
            "clip_id": tfds.features.Text(
                doc="Identifies the video within its split."
            ),
        }
    )
