"""Small instances of every system, built in a second, with lively weights."""

import functools

import keras
import numpy as np
from backend import to_numpy

from accel_tf.models.accel import Accel, FeatureFusionAccel
from accel_tf.models.deeplab import DeepLab, DeepLabV3
from accel_tf.models.dff import DeepFeatureFlow
from accel_tf.models.flownet import FlowNetS
from accel_tf.models.mobilenet import MobileNetV2
from accel_tf.models.pidnet import PIDNet, PIDNetBackbone
from accel_tf.models.propagation import propagate
from accel_tf.models.pspnet import DilatedResNet, PSPNet
from accel_tf.models.resnet import PreActivationResNet, ResNetV1
from accel_tf.models.tdnet import FANet, TDNet
from accel_tf.models.xception import Xception

CLASSES = 5

# Layers that see the input's range of 0..255: what brings them near one.
_INPUT_VARIANCE = {"bn_data": 70.0**2, "bn_conv1": 100.0**2}
_TRANSPOSED = ("deconv", "upsample_flow", "feat_upsampling")


def small_resnet_v1(stride=16, name="backbone"):
    return ResNetV1(
        blocks=(1, 1, 1, 1),
        filters=(4, 6, 8, 8),
        strides=(1, 2, stride // 8, 1),
        stem_filters=8,
        name=name,
    )


def small_pre_activation_resnet(stride=16, name="backbone"):
    return PreActivationResNet(
        blocks=(1, 1, 1, 1),
        filters=(4, 6, 8, 8),
        strides=(1, 2, stride // 8),
        output_filters=12,
        stem_filters=8,
        deformable_groups=2,
        name=name,
    )


def small_flow_network(stride=16):
    return FlowNetS(
        filters=(6, 8, 8, 10, 10, 12),
        decoder_filters=(10, 8, 8, 6),
        output_stride=stride,
        name="flow_network",
    )


def small_deeplab(num_classes=CLASSES, **kwargs):
    return lively(
        DeepLab(small_resnet_v1(), num_classes, head_filters=16, **kwargs)
    )


def small_light_deeplab(num_classes=CLASSES, **kwargs):
    backbone = small_pre_activation_resnet(stride=8)
    return lively(DeepLab(backbone, num_classes, head_filters=16, **kwargs))


def small_dff(num_classes=CLASSES, stride=8, **kwargs):
    return lively(
        DeepFeatureFlow(
            small_resnet_v1(stride, "reference_backbone"),
            small_flow_network(stride),
            num_classes,
            head_filters=16,
            **kwargs,
        )
    )


def small_accel(num_classes=CLASSES, **kwargs):
    return lively(
        Accel(
            small_resnet_v1(name="reference_backbone"),
            small_flow_network(),
            small_pre_activation_resnet(name="update_backbone"),
            num_classes,
            head_filters=16,
            **kwargs,
        )
    )


def small_feature_fusion_accel(num_classes=CLASSES, **kwargs):
    return lively(
        FeatureFusionAccel(
            small_resnet_v1(name="reference_backbone"),
            small_flow_network(),
            num_classes,
            head_filters=16,
            **kwargs,
        )
    )


def small_dilated_resnet(name="backbone", bottleneck=False):
    """16 channels at stride 8."""
    return DilatedResNet(
        blocks=(1, 1, 1, 1),
        bottleneck=bottleneck,
        filters=(4, 4, 4, 4) if bottleneck else (4, 6, 8, 16),
        stem_filters=6,
        deep_stem=bottleneck,
        name=name,
    )


def small_fanet(name="backbone"):
    return FANet(
        blocks=(1, 1, 1, 1),
        filters=(4, 8, 16, 32),
        stem_filters=4,
        key_filters=4,
        smooth_filters=6,
        name=name,
    )


def small_pspnet(num_classes=CLASSES, **kwargs):
    backbone = small_dilated_resnet()
    return lively(PSPNet(backbone, num_classes, head_filters=16, **kwargs))


def small_pidnet(num_classes=CLASSES, light=True, **kwargs):
    backbone = PIDNetBackbone(
        filters=4,
        blocks=(2, 2),
        pooling_filters=6,
        light=light,
        name="backbone",
    )
    return lively(PIDNet(backbone, num_classes, head_filters=16, **kwargs))


def small_mobilenet_v2(name="backbone"):
    """All that there is: strides, a shortcut and dilation."""
    return MobileNetV2(
        stages=(
            (1, 4, 1, 1),
            (2, 6, 2, 2),
            (2, 8, 1, 2),
            (2, 8, 1, 2),
            (2, 10, 2, 2),
        ),
        stem_filters=6,
        name=name,
    )


def small_xception(name="backbone"):
    return Xception(
        entry_flow=(((6,), 1, 2), ((6, 8, 8), 1, 2), ((10,), 1, 2)),
        middle_flow=(((10,), 2, 1),),
        exit_flow=(((12,), 1, 2), ((16,), 1, 1)),
        stem_filters=(4, 6),
        name=name,
    )


def small_deeplab_v3(num_classes=CLASSES, **kwargs):
    backbone = small_mobilenet_v2()
    return _livelier(
        DeepLabV3(backbone, num_classes, head_filters=16, **kwargs)
    )


def small_deeplab_v3_plus(num_classes=CLASSES, **kwargs):
    options = dict(rates=(1, 2), decoder=True, alignment="ams_teacher")
    backbone = small_xception()
    return _livelier(
        DeepLabV3(backbone, num_classes, head_filters=12, **options | kwargs)
    )


def _livelier(model):
    """For frames that are normalised to no more than one."""
    lively(model)
    for variable in model.weights:
        if variable.name == "gamma":
            variable.assign(1.8 * to_numpy(variable))
    return model


def small_tdnet(paths, bottleneck=False, num_classes=CLASSES, **kwargs):
    backbones = [
        small_dilated_resnet(f"backbone_{number}", bottleneck)
        for number in range(1, paths + 1)
    ]
    return _small_tdnet(backbones, num_classes, **kwargs)


def small_td4(num_classes=CLASSES, warm_up="partial", **kwargs):
    """Four paths; attends from the second frame on."""
    return small_tdnet(4, num_classes=num_classes, warm_up=warm_up, **kwargs)


def small_td2(num_classes=CLASSES, **kwargs):
    return small_tdnet(2, True, num_classes, **kwargs)


def small_td2_fanet(num_classes=CLASSES, **kwargs):
    backbones = [small_fanet(f"backbone_{number}") for number in (1, 2)]
    options = dict(pyramid_groups=0, head="leaky")
    return _small_tdnet(backbones, num_classes, **options, **kwargs)


def _small_tdnet(backbones, num_classes, **kwargs):
    options = dict(key_filters=4, value_filters=12, head_filters=8)
    options |= dict(norm_size=(5, 7), stride=3)
    model = lively(TDNet(backbones, num_classes, **options | kwargs))
    # Where maps hardly differ from place to place there is no attention.
    for variable in model.weights:
        part, *_, name = variable.path.split("/")
        value = to_numpy(variable)
        if part.startswith("backbone") and name == "gamma":
            variable.assign(1.5 * value)
        if part.startswith(("query", "key", "value", "attention")):
            if name == "kernel":
                value = value - value.mean(2, keepdims=True)
                variable.assign(value * (2 if "attention" in part else 1))
    return model


# With scores that are resized with aligned corners, and without key frames.
SMALL_PYRAMID_MODELS = {
    "pspnet": small_pspnet,
    "pidnet": small_pidnet,
    "td4": small_td4,
    "td2": small_td2,
    "td2_fanet": small_td2_fanet,
}
SMALL_MODELS = {
    "deeplab": small_deeplab,
    "light_deeplab": small_light_deeplab,
    "dff": small_dff,
    "accel": small_accel,
    "feature_fusion_accel": small_feature_fusion_accel,
}
ALL_SMALL_MODELS = {
    **SMALL_MODELS,
    **SMALL_PYRAMID_MODELS,
    "deeplab_v3_plus": small_deeplab_v3_plus,
    "propagated": lambda: propagate(small_deeplab(), "small"),
}


def built(name):
    """A small model under Keras' current policy, for tests that change none.

    All tests of a process get the same.
    """
    return _built(name, keras.config.dtype_policy().name)


@functools.cache
def _built(name, policy):
    return (SMALL_MODELS | SMALL_PYRAMID_MODELS)[name]()


def lively(model, seed=0):
    """Gives `model` weights under which no part of it is without effect.

    Fresh weights leave deformable offsets and biases at zero and let the
    activations grow from layer to layer. These keep them around one and
    move offsets and flow by some pixels; the same on every backend.

    Args:
        model: built; a `keras.Model`.
        seed: int.

    Returns:
        `model`.
    """
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        layer, name = variable.path.split("/")[-2:]
        shape = tuple(variable.shape)
        if name == "moving_variance":
            value = rng.uniform(0.5, 1.5, shape)
            value *= _INPUT_VARIANCE.get(layer, 1.0)
        elif name == "gamma":
            value = rng.uniform(0.5, 0.9, shape)
        elif len(shape) < 4:
            value = 0.1 * rng.standard_normal(shape)
        else:
            # Each output of a 4x4 kernel with stride 2 sees four taps.
            transposed = layer.startswith(_TRANSPOSED)
            fan_in = 4 * shape[3] if transposed else np.prod(shape[:3])
            if layer.endswith("depthwise"):
                fan_in = np.prod(shape[:2])
            value = rng.standard_normal(shape) * np.sqrt(2 / fan_in)
            # Every class somewhere ahead.
            if layer in ("fc6", "score", "logits_semantic"):
                value = 3 * (value - value.mean(2, keepdims=True))
            value *= 4 if layer == "Convolution5" else 1  # the flow
        variable.assign(value.astype("float32"))
    return model
