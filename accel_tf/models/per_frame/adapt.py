"""From a model of any origin to a segmenter."""

import os

import keras

from accel_tf.models.per_frame.callable_program import CallableProgram
from accel_tf.models.per_frame.files import read_model
from accel_tf.models.per_frame.foreign_per_frame import ForeignPerFrame
from accel_tf.models.per_frame.foreign_program import ForeignProgram
from accel_tf.models.per_frame.hub import segmenter_of_task
from accel_tf.models.per_frame.normalization import Normalization
from accel_tf.models.per_frame.per_frame import PerFrame
from accel_tf.models.per_frame.probe_network import probe_network
from accel_tf.models.segmenter import VideoSegmenter


def per_frame(
    model,
    mean=0.0,
    scale=None,
    std=None,
    channel_order="rgb",
    label_map=None,
    num_classes=None,
    output_stride=None,
    multiple_of=None,
    size=None,
    output=None,
    probabilities=False,
    name=None,
):
    """Makes a segmenter of a model that segments single images.

        model = accel_tf.per_frame(
            keras_model, mean=127.5, scale=1 / 127.5, label_map=classes
        )

    Raw frames go in, RGB 0..255; the model sees
    `(frame - mean) * scale`, or `(frame - mean) / std`. Frames may have any
    size: a model that takes images of one size gets them resized, one that
    takes multiples of a stride gets the last row and column repeated. Its
    scores come back to the frame's size by bilinear interpolation.

    | `model` | is trained, saved, exported |
    |---|---|
    | a Keras model, or a path to a `.keras` file | yes |
    | a path to an `.onnx` file, a `.tflite` file or a SavedModel's folder | no: it runs outside the graph |
    | a function of NumPy uint8 RGB `[B, H, W, 3]` | no: as these |

    A SegFormer or DeepLabV3 of KerasHub brings its normalisation along and
    takes frames of any size. All of them give scores or probabilities
    `[B, h, w, classes]`, those outside the graph instead also labels
    `[B, h, w]`, whole numbers, where 255 marks pixels of no class. An ONNX
    file may have the channels before the pixels, which its input's shape
    tells. What a model gives and takes is found by a look at it, or a run on
    an image of zeros.

    Args:
        model: see above.
        mean: number or three, in the order of `channel_order`, 0..255.
        scale: number or three; 1 by default.
        std: number or three, instead of `scale`.
        channel_order: `"rgb"`, or `"bgr"` for a model that sees blue first.
        label_map: `accel_tf.LabelMap` with names and colours; by default as
            for `VideoSegmenter`.
        num_classes: of a model that gives labels; else the scores tell.
        output_stride: pixels of the frame per score; by default what the
            model has.
        multiple_of: sides that the model takes are multiples of it; by
            default found for Keras models, and the stride for others.
        size: `(height, width)`: resizes frames to it. For models that take
            any, but were trained at one size.
        output: name of the scores, for models with several outputs.
        probabilities: whether a Keras model ends with a softmax; then the
            segmenter gives their logarithms, which losses on logits need.
        name: of the segmenter.

    Returns:
        A `VideoSegmenter` without key frames and state: `PerFrame` or
        `ForeignPerFrame`.

    Raises:
        ValueError: one line, if the model takes or gives something else,
            the number of classes and the label map's differ, or an argument
            is none of these.
        FileNotFoundError: if there is no such file.
        ImportError: if what runs it is not installed.
    """  # noqa: E501
    normalization = Normalization.from_std(mean, scale, std, channel_order)
    if size is not None:
        size = _checked_size(size)
    if isinstance(model, str | os.PathLike):
        name = name or name_of_file(model)
        model = read_model(model, normalization, size, output)
    elif callable(model) and not isinstance(model, keras.layers.Layer):
        name = name or name_of_file(getattr(model, "__name__", "function"))
        model = CallableProgram(model, normalization, size)
    if isinstance(model, VideoSegmenter):
        raise ValueError(f"{model.name} is a VideoSegmenter already.")
    if isinstance(model, ForeignProgram):
        if probabilities:
            raise ValueError("probabilities=True is for Keras models.")
        model.probe(output_stride, multiple_of)
        labelled = num_classes or (label_map and len(label_map))
        return _of_program(model, labelled, num_classes, label_map, name)
    if not isinstance(model, keras.Model):
        raise ValueError(
            "model must be a keras.Model, a path or a function of images, "
            f"not {type(model).__name__}."
        )
    if normalization.changes_nothing and size is None:
        segmenter = segmenter_of_task(model, name, label_map)
        if segmenter is not None:
            return segmenter
    facts = probe_network(model, output, output_stride, multiple_of, size)
    _check_classes(facts.num_classes, num_classes, label_map)
    return PerFrame(
        model,
        facts.num_classes,
        output_stride=facts.grid.stride,
        multiple_of=facts.grid.multiple_of,
        image_size=facts.grid.size,
        aligns_corners=facts.grid.aligns_corners,
        probabilities=probabilities,
        output_name=output,
        **normalization.to_config(),
        label_map=label_map,
        name=name or model.name,
    )


def segmenter_of_file(path, label_classes):
    """What `per_frame` makes of a file, with nothing known about it.

    Args:
        path: as for `per_frame`.
        label_classes: number of classes if the model gives labels.
    """
    model = read_model(path, Normalization())
    if isinstance(model, keras.Model):
        return per_frame(model, name=name_of_file(path))
    model.probe()
    return _of_program(model, label_classes, name=name_of_file(path))


def _of_program(
    program, label_classes, num_classes=None, label_map=None, name=None
):
    """A segmenter of a program that was probed."""
    found = program.channels or label_classes
    if not found:
        raise ValueError(
            f"{program.kind} gives labels: say how many classes there are by "
            "num_classes= or label_map=."
        )
    _check_classes(found, num_classes, label_map)
    return ForeignPerFrame(program, found, label_map=label_map, name=name)


def _check_classes(found, num_classes, label_map):
    if num_classes not in (None, found):
        raise ValueError(f"the model has {found} classes, not {num_classes}.")
    if label_map is not None and len(label_map) != found:
        raise ValueError(
            f"the label map names {len(label_map)} classes, the model has "
            f"{found}."
        )
    if not 1 <= found <= 255:
        raise ValueError(f"a model has 1 to 255 classes, not {found}.")


def _checked_size(size):
    try:
        height, width = (int(side) for side in size)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise ValueError(f"size must be (height, width), not {size!r}.")
    return height, width


def name_of_file(path):
    """A name that Keras takes: letters, digits and underscores."""
    stem = os.path.splitext(os.path.basename(os.fspath(path).rstrip("/")))[0]
    name = "".join(c if c.isascii() and c.isalnum() else "_" for c in stem)
    return name.strip("_") or "model"
