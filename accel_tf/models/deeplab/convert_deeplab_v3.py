"""Official names of the tensors of DeepLabv3, in TensorFlow 1 files."""

import dataclasses

from accel_tf.checkpoints.entries import tf_layer_entries
from accel_tf.layers.slim import official_name
from accel_tf.models.mobilenet import MobileNetV2
from accel_tf.models.mobilenet.convert_mobilenet import mobilenet_v2_entries
from accel_tf.models.xception.convert_xception import xception_entries

LAST_LAYER = ("*logits/semantic/*",)
# AMS keeps its teacher's tensors in this scope.
_TEACHER = "teacher/"
_SCOPES = ("decoder_", "logits_")


def deeplab_v3_entries(model):
    """Entries of a `DeepLabV3`."""
    backbone_entries = (
        mobilenet_v2_entries
        if isinstance(model.backbone, MobileNetV2)
        else xception_entries
    )
    entries = [
        *backbone_entries(model.backbone),
        *(
            entry
            for layer in model.head.layers
            if layer.weights
            for entry in tf_layer_entries(layer, _path(layer))
        ),
    ]
    return [
        dataclasses.replace(entry, names=(name, _TEACHER + name))
        for entry in entries
        for name in entry.names
    ]


def _path(layer):
    name = official_name(layer)
    for scope in _SCOPES:
        if name.startswith(scope):
            return scope[:-1] + "/" + name.removeprefix(scope)
    return name
