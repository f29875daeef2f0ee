"""Small classifiers of clips."""

import numpy as np

from accel_tf.models.vov3d import VoV3DBackbone
from accel_tf.models.x3d import BackboneClassifier, X3DBackbone


def tiny_classifier(num_classes=3, system="vov3d", seed=0, **arguments):
    """With random weights in which every branch counts.

    Args:
        num_classes: of the logits.
        system: `"vov3d"` or `"x3d"`.
        seed: of the weights.
        **arguments: further ones of `BackboneClassifier`.
    """
    if system == "vov3d":
        backbone = VoV3DBackbone((1, 1, 1, 1), 8, 2, name="backbone")
    else:
        backbone = X3DBackbone((1, 1, 1, 2), 4, 8, name="backbone")
    model = BackboneClassifier(
        backbone,
        num_classes,
        **{"frames": 4, "crop_size": 32, "hidden": 16, **arguments},
    )
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.name in ("gamma", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif weight.name in ("beta", "moving_mean", "bias"):
            weight.assign(rng.normal(0, 0.1, weight.shape))
    head = model.head.get_layer("projection").kernel
    head.assign(rng.normal(0, 0.5, head.shape))
    return model
