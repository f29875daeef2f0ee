"""The functions and classes of `accel_tf` itself.

`accel_tf` imports them when one is asked for. This import also registers all
classes of the package with Keras, so that `keras.saving.load_model` finds them.
"""

# They are listed in `accel_tf.__all__`.
# ruff: noqa: F401

from accel_tf import training
from accel_tf.checkpoints import load_checkpoint
from accel_tf.data.label_maps import LabelMap
from accel_tf.models.blending import with_blend
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.fuse import fuse_for_inference
from accel_tf.models.per_frame import per_frame
from accel_tf.models.presets import (
    describe_preset,
    from_preset,
    list_presets,
)
from accel_tf.models.propagation import propagate, smooth, with_flow
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.runtimes.restore import load_model
from accel_tf.streaming import (
    AdaptiveKeyframes,
    ClipStream,
    FixedInterval,
    KeyframePolicy,
    SceneCuts,
    VideoStream,
)
