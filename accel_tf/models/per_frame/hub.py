"""KerasHub's segmentation models by name."""

import difflib
import importlib.util
import pathlib

from accel_tf.layers.blocks import dtype_scope
from accel_tf.messages import one_line
from accel_tf.models.per_frame.hub_architectures import HUB_PRESETS
from accel_tf.models.per_frame.hub_deeplab import HubDeepLab
from accel_tf.models.per_frame.hub_segformer import HubSegFormer
from accel_tf.optional import require

PREFIX = "hub:"
_SEGMENTERS = {
    "SegFormerImageSegmenter": HubSegFormer,
    "DeepLabV3ImageSegmenter": HubDeepLab,
}


def is_hub_name(name):
    """Whether a name of a preset is one of KerasHub's."""
    return str(name).startswith(PREFIX)


def hub_presets():
    """KerasHub's segmentation presets that `from_preset` takes.

    Returns:
        list of str, such as `"hub:segformer_b0_cityscapes_1024"`.
    """
    return [PREFIX + name for name in HUB_PRESETS]


def hub_presets_at_hand():
    """Those of `hub_presets()` whose weights KerasHub has fetched before.

    Returns:
        list of str; empty without KerasHub.
    """
    if importlib.util.find_spec("keras_hub") is None:
        return []
    config = require("kagglehub", "hub").config
    fetched = pathlib.Path(config.get_cache_folder(), "models", "keras")
    # Architecture, framework, preset, version.
    names = {
        path.parts[-3] for path in fetched.glob("*/keras/*/*/model.weights.h5")
    }
    return [PREFIX + name for name in HUB_PRESETS if name in names]


def describe_hub_preset(name):
    """One line about a preset.

    Raises:
        ValueError: if there is no such preset; names the nearest.
    """
    preset = _lookup(name)
    return f"{preset.title} of KerasHub, {len(preset.label_map)} classes"


def hub_segmenter(
    name, num_classes=None, load_weights=True, label_map=None, dtype=None
):
    """A segmentation preset of KerasHub as a segmenter.

    Frames go in as they are: the published preprocessing is inside, but not
    the resizing to the size of training. Frames have any size, scores the
    stride 4.

    Args:
        name: one of `hub_presets()`.
        num_classes: by default as published; another number gives a
            classifier of random weights.
        load_weights: whether to fetch the published weights, which KerasHub
            keeps for the next time. Else nothing is fetched, and they are
            random.
        label_map: by default of the data set of the preset.
        dtype: dtype policy of all layers; `None` is Keras' default.

    Returns:
        `HubSegFormer` or `HubDeepLab`.

    Raises:
        ValueError: if there is no such preset; names the nearest. If what
            is fetched has other classes than the preset's name says.
        ImportError: if KerasHub is not installed.
        OSError: if the weights cannot be fetched.
    """
    preset = _lookup(name)
    models = require("keras_hub", "hub").models
    name = name.removeprefix(PREFIX)
    published = len(preset.label_map)
    classes = num_classes or published
    if label_map is None and classes == published:
        label_map = preset.label_map
    with dtype_scope(dtype):
        if load_weights:
            other = {} if classes == published else {"num_classes": classes}
            task = _fetch(getattr(models, preset.task), name, other)
            if task.num_classes != classes:
                raise ValueError(
                    f"KerasHub gives {task.num_classes} classes for {name}, "
                    f"not {classes}: another model than its name says."
                )
            normalization = _normalization(task)
        else:
            task = preset.build(classes)
            normalization = {"mean": preset.mean, "scale": preset.scale}
        return segmenter_of_task(task, name, label_map, **normalization)


def segmenter_of_task(task, name=None, label_map=None, **normalization):
    """A segmenter around a segmentation model of KerasHub.

    Args:
        task: SegFormer or DeepLabV3 of `keras_hub.models`.
        name, label_map: as for `per_frame`.
        **normalization: arguments of `Normalization`; by default what the
            model's own preprocessor does.

    Returns:
        `HubSegFormer` or `HubDeepLab`; `None` if it is another model.
    """
    segmenter = _SEGMENTERS.get(type(task).__name__)
    if segmenter is None:
        return None
    normalization = normalization or _normalization(task)
    # It would be saved, too.
    task.preprocessor = None
    return segmenter(
        task,
        task.num_classes,
        label_map=label_map,
        name=name or task.name,
        **normalization,
    )


def _normalization(task):
    """From `image * scale + offset` to `(image - mean) * scale`."""
    converter = getattr(task.preprocessor, "image_converter", None)
    scale = getattr(converter, "scale", None)
    offset = getattr(converter, "offset", None)
    scales = _three(1.0 if scale is None else scale)
    offsets = _three(0.0 if offset is None else offset)
    return {
        "mean": [-o / s for o, s in zip(offsets, scales, strict=True)],
        "scale": scales,
    }


def _three(value):
    values = list(value) if isinstance(value, list | tuple) else [value]
    return [float(each) for each in values * (3 // len(values))]


def _fetch(models_class, name, arguments):
    try:
        return models_class.from_preset(name, **arguments)
    except Exception as error:
        reason = one_line(error, 100)
        raise OSError(
            f"KerasHub cannot fetch the weights of {name} over the network "
            "(load_weights=False or --weights random does without): "
            f"{type(error).__name__}: {reason}"
        ) from error


def _lookup(name):
    short = str(name).removeprefix(PREFIX)
    if short not in HUB_PRESETS:
        near = difflib.get_close_matches(short, HUB_PRESETS, n=1, cutoff=0.0)
        raise ValueError(
            f"no preset {name!r}; did you mean {PREFIX + near[0]!r}? "
            f"KerasHub's presets are {', '.join(hub_presets())}."
        )
    return HUB_PRESETS[short]
