"""Official names of the tensors of DeepLab and of its parts in Accel."""

import numpy as np

from accel_tf.checkpoints.entries import CheckpointEntry, mxnet_layer_entries
from accel_tf.models.resnet import ResNetV1
from accel_tf.models.resnet.convert_resnet import (
    pre_activation_resnet_entries,
    resnet_v1_entries,
)


def deeplab_entries(model):
    """Entries of a `DeepLab`.

    A file of its own names its tensors without the prefix that they have in
    an Accel checkpoint (where the head of Accel-50 has one of its own);
    all are read.
    """
    prefixes = (model.prefix, "") if model.prefix else ("",)
    head_prefixes = (model.prefix, "curr_", "") if model.prefix else ("",)
    return [
        *backbone_entries(model.backbone, *prefixes),
        *head_entries(model.head, model.output_stride, *head_prefixes),
    ]


def backbone_entries(backbone, *prefixes):
    """Entries of either kind of residual network."""
    if isinstance(backbone, ResNetV1):
        return resnet_v1_entries(backbone, *prefixes)
    return pre_activation_resnet_entries(backbone, *prefixes)


def head_entries(head, stride, *prefixes):
    """Entries of a head.

    Args:
        head: `segmentation_head`.
        stride: of the scores; the checkpoint stores the up-sampling kernel
            too, which is fixed here.
        *prefixes: what the names may start with.
    """

    def names(name):
        return tuple(prefix + name for prefix in prefixes)

    classes = head.output_shape[-1]
    size = 2 * stride
    ramp = 1 - np.abs(np.arange(size) / stride - (size - 1) / size)
    kernel = np.broadcast_to(
        np.outer(ramp, ramp).astype("float32"), (classes, 1, size, size)
    )
    return [
        *mxnet_layer_entries(head.get_layer("fc6"), *names("fc6")),
        *mxnet_layer_entries(head.get_layer("score"), *names("score")),
        CheckpointEntry(
            names("upsampling_weight"), kernel.shape, constant=kernel
        ),
    ]
