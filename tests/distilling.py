"""A small teacher, and the divergence from it in plain numpy."""

import numpy as np
from backend import to_numpy
from small_models import CLASSES, lively, small_dilated_resnet

from accel_tf.models.pspnet import PSPNet
from accel_tf.models.tdnet import GroupedPSPNet


def divergence(teacher, student):
    """float64, one value per image."""

    def softmax(x):
        x = np.exp(x - x.max(-1, keepdims=True))
        return x / x.sum(-1, keepdims=True) + 1e-8

    p, q = (softmax(to_numpy(x).astype("float64")) for x in (teacher, student))
    return (p * np.log(p / q)).sum(-1).mean((1, 2))


def small_teacher(groups):
    """And the PSPNet that it is made of."""
    pspnet = PSPNet(small_dilated_resnet(), CLASSES, head_filters=16)
    lively(pspnet, seed=7)
    return GroupedPSPNet.from_pspnet(pspnet, groups), pspnet
