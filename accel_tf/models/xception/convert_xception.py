"""Official names of Xception's tensors."""

import re

from accel_tf.checkpoints.entries import tf_layer_entries
from accel_tf.layers.slim import official_name

_UNIT = re.compile(r"^(\w+_flow)_(block\d+)_(unit_\d+)_(\w+)$")
_STEM = re.compile(r"^(entry_flow)_(conv\w+)$")


def xception_entries(backbone):
    """Entries of an `Xception`, under the names of Xception-65."""
    return [
        entry
        for layer in backbone.layers
        if layer.weights
        for entry in tf_layer_entries(layer, "xception_65/" + _path(layer))
    ]


def _path(layer):
    name = _UNIT.sub(r"\1/\2/\3/xception_module/\4", official_name(layer))
    return _STEM.sub(r"\1/\2", name)
