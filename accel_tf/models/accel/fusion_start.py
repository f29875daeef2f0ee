"""Initial values of the fusion layer."""

import keras
import numpy as np

from accel_tf.models.accel.accel import Accel
from accel_tf.models.accel.feature_fusion_accel import FeatureFusionAccel

STARTS = ("paper", "model", "reference")


def reset_fusion(model, start="paper"):
    """Gives the fusion layer the values with which its training starts.

    Args:
        model: an `Accel` or a `FeatureFusionAccel`; changed in place.
        start: "model" for the values of a new model; "paper" for those of
            the published training, which draws the kernel of `Accel` from
            N(0, 0.01) and for `FeatureFusionAccel` is no different;
            "reference" for those that pass on what comes from the key frame,
            so that the model starts as Deep Feature Flow and takes of the
            current frame what helps.

    Raises:
        ValueError: if the model has no fusion, or `start` is unknown.
    """
    if not isinstance(model, Accel | FeatureFusionAccel):
        raise ValueError(f"{type(model).__name__} has no fusion to reset.")
    if start not in STARTS:
        raise ValueError(
            f"a fusion can start as {', '.join(STARTS)}, not {start!r}."
        )
    initializer = model.fusion.kernel_initializer
    if start == "paper" and isinstance(model, Accel):
        initializer = keras.initializers.RandomNormal(stddev=0.01)
    kernel, bias = model.fusion.kernel, model.fusion.bias
    if start == "reference":
        # The first half of the inputs comes from the key frame.
        kernel.assign(np.eye(*kernel.shape[2:])[None, None])
    else:
        kernel.assign(initializer(tuple(kernel.shape), kernel.dtype))
    bias.assign(keras.ops.zeros(tuple(bias.shape), bias.dtype))
