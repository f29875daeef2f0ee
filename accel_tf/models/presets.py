"""Names of ready-made models; the one place that knows every system."""

import difflib

from accel_tf.layers.blocks import dtype_scope
from accel_tf.models.accel.accel_presets import accel_presets
from accel_tf.models.deeplab.deeplab_presets import deeplab_presets
from accel_tf.models.dff.dff_presets import dff_presets
from accel_tf.models.per_frame.hub import (
    describe_hub_preset,
    hub_presets,
    hub_segmenter,
    is_hub_name,
)
from accel_tf.models.pidnet.pidnet_presets import pidnet_presets
from accel_tf.models.pspnet.pspnet_presets import pspnet_presets
from accel_tf.models.tdnet.tdnet_presets import tdnet_presets
from accel_tf.models.vov3d.vov3d_presets import vov3d_presets
from accel_tf.models.x3d.x3d_presets import x3d_presets

_SEGMENTERS = {
    **deeplab_presets,
    **dff_presets,
    **accel_presets,
    **pspnet_presets,
    **tdnet_presets,
    **pidnet_presets,
}
_CLASSIFIERS = {**x3d_presets, **vov3d_presets}
_PRESETS = {**_SEGMENTERS, **_CLASSIFIERS}
_KINDS = {
    None: _PRESETS,
    "segmenter": _SEGMENTERS,
    "classifier": _CLASSIFIERS,
}


def list_presets(kind=None):
    """Names that `from_preset` takes, but for KerasHub's.

    Those are `accel_tf.models.per_frame.hub_presets()`.

    Args:
        kind: `"segmenter"` for those of frames, `"classifier"` for those of
            clips; all by default.

    Returns:
        list of str.

    Raises:
        ValueError: if there is no such kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind must be segmenter or classifier, not {kind!r}.")
    return list(_KINDS[kind])


def describe_preset(name):
    """One line about a preset.

    Raises:
        ValueError: if there is no such preset; names the nearest.
    """
    if is_hub_name(name):
        return describe_hub_preset(name)
    return _lookup(name)[0]


def from_preset(name, num_classes=None, dtype=None, **kwargs):
    """Builds a model with random weights; KerasHub's with published ones.

        model = accel_tf.from_preset("accel_tiny", num_classes=11)
        stream = accel_tf.VideoStream(model)
        labels = stream(frame[None])[0]  # frame [H, W, 3], labels [H, W]

    Args:
        name: one of `list_presets()`, or `"hub:NAME"` for a segmentation
            preset of KerasHub, such as
            `"hub:segformer_b0_cityscapes_1024"`.
        num_classes: classes of the logits; by default 19 as of Cityscapes,
            400 as of Kinetics for classifiers of clips, or as KerasHub's are
            published.
        dtype: dtype policy of all layers, e.g. `"mixed_float16"`; `None` is
            Keras' default.
        **kwargs: further arguments of the model's constructor, such as
            `label_map`, or `crop_size` of a classifier;
            `load_weights=False` for KerasHub's without a fetch.

    Returns:
        A `VideoSegmenter` or, of clips, a `ClipClassifier`.

    Raises:
        ValueError: if there is no such preset; names the nearest.
        ImportError, OSError: one line, if KerasHub is missing, or its
            weights cannot be fetched.
    """
    if is_hub_name(name):
        return hub_segmenter(name, num_classes, dtype=dtype, **kwargs)
    if num_classes is None:
        num_classes = 400 if name in _CLASSIFIERS else 19
    _, constructor = _lookup(name)
    with dtype_scope(dtype):
        return constructor(num_classes, name=name, **kwargs)


def _lookup(name):
    if name not in _PRESETS:
        names = [*_PRESETS, *hub_presets()]
        near = difflib.get_close_matches(str(name), names, n=1, cutoff=0.0)
        raise ValueError(
            f"no preset {name!r}; did you mean {near[0]!r}? The presets are "
            f"{', '.join(_PRESETS)}, and hub:NAME for KerasHub's."
        )
    return _PRESETS[name]
