"""The head on the third stage that PSPNet and TDNet have in training."""

from accel_tf.models.pspnet.convert_pspnet import head_entries
from accel_tf.models.pspnet.fcn_head import fcn_head


def auxiliary_head(backbone, num_classes, name, dropout=0.1):
    """An `fcn_head` for `backbone.stage_output(3)`.

    Pyramid Scene Parsing Network (CVPR 2017, section 3.3). Its 3x3
    convolution has a quarter of the stage's channels, as published.

    Args:
        backbone: a `DilatedResNet`.
        num_classes: of the scores.
        name: of the returned `keras.Model`.
        dropout: share of the channels that training drops.

    Returns:
        A model from `[B, h, w, channels]` to scores `[B, h, w, classes]`.
    """
    channels = backbone.stage_output(3).shape[-1]
    return fcn_head(channels, num_classes, channels // 4, name, dropout)


def auxiliary_entries(head, prefix):
    """Its checkpoint entries; official names start with `prefix`."""
    return head_entries(head, f"{prefix}.conv5.", ("0", "1", "4"))
