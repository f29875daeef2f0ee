"""Official names of MobileNetV2's tensors."""

import re

from accel_tf.checkpoints.entries import tf_layer_entries
from accel_tf.layers.slim import official_name

_PART = re.compile("_(expand|depthwise|project)$")


def mobilenet_v2_entries(backbone):
    """Entries of a `MobileNetV2`."""
    return [
        entry
        for layer in backbone.layers
        if layer.weights
        for entry in tf_layer_entries(
            layer, "MobilenetV2/" + _PART.sub(r"/\1", official_name(layer))
        )
    ]
