"""Official names of X3D's and VoV3D's tensors, as of PySlowFast."""

import re

import keras

from accel_tf.checkpoints.entries import CheckpointEntry
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D
from accel_tf.layers.squeeze_excitation import SqueezeExcitation

_STAGE = re.compile(r"(s\d)_res(\d+)_(.*)")
_UNIT = re.compile(r"unit(\d+)_(.*)")
# VoV3D's units have their first and last convolution in a sequence.
_IN_SEQUENCE = {"a": "a.0", "a_bn": "a.1", "c": "c.0", "c_bn": "c.1"}


def classifier_entries(model):
    """Entries of a `ClipClassifier`."""
    layers = [
        (layer, official_name(layer.name))
        for layer in model.backbone.layers
        if layer.weights
    ]
    layers += [
        (layer, f"head.{layer.name}")
        for layer in model.head.layers
        if layer.weights
    ]
    return [entry for each in layers for entry in _entries(*each)]


def official_name(name):
    """The name of a layer of the backbone.

    `s2_res0_unit1_a_bn` is `s2.pathway0_res0.branch2.layers.1.a.1`, and
    `s2_res0_branch1` is `s2.pathway0_res0.branch1`.
    """
    block = _STAGE.fullmatch(name)
    if block is None:
        return name.replace("s1_", "s1.pathway0_stem.")
    stage, index, part = block.groups()
    unit = _UNIT.fullmatch(part)
    if unit is not None:
        part = _IN_SEQUENCE.get(unit[2], unit[2])
        part = f"branch2.layers.{unit[1]}.{part}"
    elif not part.startswith("branch1"):
        part = f"branch2.{part}"
    return f"{stage}.pathway0_res{index}.{part}"


def _entries(layer, name):
    if isinstance(layer, keras.layers.BatchNormalization):
        return [
            CheckpointEntry((f"{name}.{suffix}",), tuple(value.shape), value)
            for suffix, value in (
                ("weight", layer.gamma),
                ("bias", layer.beta),
                ("running_mean", layer.moving_mean),
                ("running_var", layer.moving_variance),
            )
        ]
    if isinstance(layer, SqueezeExcitation):
        return [
            *_dense(f"{name}.fc1", layer.squeeze_kernel, layer.squeeze_bias, 3),
            *_dense(f"{name}.fc2", layer.excite_kernel, layer.excite_bias, 3),
        ]
    if isinstance(layer, DepthwiseConv3D):
        # (frames, rows, columns, channels), officially (channels, 1, ...).
        *sides, channels = layer.kernel.shape
        return [_kernel(name, layer.kernel, (channels, 1, *sides), _depthwise)]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        rows, columns, channels, _ = layer.kernel.shape
        shape = (channels, 1, 1, rows, columns)
        return [
            _kernel(
                name,
                layer.kernel,
                shape,
                lambda array: array[:, 0, 0].transpose(1, 2, 0)[..., None],
            )
        ]
    if layer.bias is not None:
        return _dense(name, layer.kernel, layer.bias, 0)
    rows, columns, inputs, outputs = layer.kernel.shape
    shape = (outputs, inputs, 1, rows, columns)
    return [
        _kernel(
            name,
            layer.kernel,
            shape,
            lambda array: array[:, :, 0].transpose(2, 3, 1, 0),
        )
    ]


def _kernel(name, variable, shape, convert):
    return CheckpointEntry((f"{name}.weight",), shape, variable, convert)


def _depthwise(array):
    return array[:, 0].transpose(1, 2, 3, 0)


def _dense(name, kernel, bias, ones):
    """Of `[..., inputs, outputs]`, officially with ones behind."""
    inputs, outputs = kernel.shape[-2:]
    return [
        _kernel(
            name,
            kernel,
            (outputs, inputs, *[1] * ones),
            lambda array: array.reshape(outputs, inputs).T.reshape(
                tuple(kernel.shape)
            ),
        ),
        CheckpointEntry((f"{name}.bias",), (outputs,), bias),
    ]
