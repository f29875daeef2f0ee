"""Official names of the residual networks' tensors."""

import re
import string

from accel_tf.checkpoints.entries import mxnet_layer_entries


def resnet_v1_entries(backbone, *prefixes):
    """Entries of a `ResNetV1`.

    The units of a stage are a, b, c, ...; the second and third stage of
    ResNet-101 and deeper count a, b1, b2, ... (Caffe's habit).

    Args:
        backbone: the network.
        *prefixes: what the names may start with in the checkpoint.
    """
    numbered = {3, 4} if sum(backbone.blocks) > 16 else set()
    return _entries(backbone, prefixes, numbered)


def pre_activation_resnet_entries(backbone, *prefixes):
    """Entries of a `PreActivationResNet`; arguments as above."""
    return _entries(backbone, prefixes, set())


def _entries(backbone, prefixes, numbered_stages):
    def official(match):
        kind, stage, unit = match[1], int(match[2]), int(match[3])
        if unit > 1 and stage in numbered_stages:
            return f"{kind}{stage}b{unit - 1}_branch"
        return f"{kind}{stage}{string.ascii_lowercase[unit - 1]}_branch"

    entries = []
    for layer in backbone.layers:
        if layer.weights:
            name = re.sub(r"^(res|bn)(\d)_(\d+)_branch", official, layer.name)
            names = [prefix + name for prefix in prefixes]
            entries += mxnet_layer_entries(layer, *names)
    return entries
