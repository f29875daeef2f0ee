"""Names of ready-made models; the one place that knows every system."""

import difflib

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.accel.accel_presets import accel_presets
from accel_tf.models.deeplab.deeplab_presets import deeplab_presets
from accel_tf.models.dff.dff_presets import dff_presets
from accel_tf.models.pidnet.pidnet_presets import pidnet_presets
from accel_tf.models.pspnet.pspnet_presets import pspnet_presets
from accel_tf.models.tdnet.tdnet_presets import tdnet_presets

_PRESETS = {
    **deeplab_presets,
    **dff_presets,
    **accel_presets,
    **pspnet_presets,
    **tdnet_presets,
    **pidnet_presets,
}


def list_presets():
    """Names that `from_preset` takes.

    Returns:
        list of str.
    """
    return list(_PRESETS)


def describe_preset(name):
    """One line about a preset.

    Raises:
        ValueError: if there is no such preset; names the nearest.
    """
    return _lookup(name)[0]


def from_preset(name, num_classes=19, dtype=None, **kwargs):
    """Builds a model with random weights.

    Args:
        name: one of `list_presets()`.
        num_classes: classes of the logits; 19 is Cityscapes.
        dtype: dtype policy of all layers, e.g. `"mixed_float16"`; `None` is
            Keras' default.
        **kwargs: further arguments of the model's constructor, such as
            `label_map`.

    Returns:
        A `VideoSegmenter`.

    Raises:
        ValueError: if there is no such preset; names the nearest.
    """
    _, constructor = _lookup(name)
    with dtype_scope(dtype):
        return constructor(num_classes, name=name, **kwargs)


def _lookup(name):
    if name not in _PRESETS:
        near = difflib.get_close_matches(str(name), _PRESETS, n=1, cutoff=0.0)
        raise ValueError(
            f"no preset {name!r}; did you mean {near[0]!r}? The presets are "
            f"{', '.join(_PRESETS)}."
        )
    return _PRESETS[name]
