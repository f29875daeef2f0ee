"""Propagation and smoothing around any per-frame segmenter."""

import difflib
import pathlib

import keras

from accel_tf.models.flownet import FlowNetwork
from accel_tf.models.keras_files import load_keras_model
from accel_tf.models.propagation.dense_inverse_search import (
    DenseInverseSearch,
)
from accel_tf.models.propagation.propagated import Propagated
from accel_tf.models.propagation.smoothed import Smoothed
from accel_tf.models.restore import restore_model

SHIPPED = "small"
"""Name of the flow network that comes with the package."""


def propagate(segmenter, flow="dis", update=None, **options):
    """A segmenter with key frames around a per-frame one.

    On key frames the given segmenter decides; between them its scores are
    moved along the optical flow, at a fraction of its cost.

        model = accel_tf.propagate(accel_tf.per_frame(keras_model))
        stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(5))

    Args:
        segmenter: a `VideoSegmenter` without key frames and without state,
            such as `accel_tf.per_frame` gives; used as it is, not copied.
        flow: how the flow is found, see `make_flow`.
        update: light per-frame segmenter of the same classes, whose scores
            correct the moved ones where the flow is not to be trusted
            (Accel, CVPR 2019); `None` for none.
        **options: `smooth`, `split`, `trust`, `blend` and `name` of
            `Propagated`.

    Returns:
        `Propagated`, a `VideoSegmenter`.

    Raises:
        ValueError: if the parts do not fit together, or `flow` is unknown.
        ImportError: if `flow` needs OpenCV and it is not installed.
    """
    return Propagated(segmenter, make_flow(flow), update, **options)


def split_flow(name):
    """`(model, flow)` of `MODEL+FLOW`, as several systems are named.

    A + inside a path is part of it: what follows the last one is a flow
    unless it goes on as a path does, to anything but a `.keras` file.

    Args:
        name: of a model; the flow is `None` where it has none.
    """
    model, plus, flow = name.rpartition("+")
    if not plus or ("/" in flow and not flow.endswith(".keras")):
        return name, None
    return model, flow


def smooth(segmenter, flow="dis", strength=0.8, **options):
    """A segmenter whose labels flicker less than those of a per-frame one.

    Args:
        segmenter, flow: as for `propagate`.
        strength: 0..1, see `Smoothed`.
        **options: `trust` and `name` of `Smoothed`.

    Returns:
        `Smoothed`, a `VideoSegmenter`.

    Raises:
        ValueError, ImportError: as `propagate`.
    """
    return Smoothed(segmenter, make_flow(flow), strength, **options)


def with_flow(model, flow):
    """The same model with another optical flow.

    Args:
        model: Deep Feature Flow, Accel or what `propagate` made; its other
            weights are copied.
        flow: see `make_flow`.

    Returns:
        A `VideoSegmenter` of the same kind.

    Raises:
        ValueError: if the model has no flow, or its features have another
            stride than the flow network's result.
    """
    if not hasattr(model, "flow_network"):
        raise ValueError(
            f"{model.name} has no optical flow that could be replaced."
        )
    if isinstance(model, Propagated):
        stride = None
    else:
        stride = model.output_stride
    new = make_flow(flow, stride)
    copy = type(model).from_config(
        {
            **model.get_config(),
            _flow_argument(model): model.serialize_network(new),
        }
    )
    _copy_weights(model, copy, new)
    return copy


def make_flow(flow, output_stride=None):
    """What finds the flow between neighbouring frames.

    Args:
        flow: `"dis"`, OpenCV's dense inverse search, or `"dis:fast:2"` for
            another preset and frames of half the size; `"small"`, the flow
            network that comes with the package; a `.keras` file of a flow
            network or of a model with one; `"PRESET=FILE"` or
            `"PRESET=FILE,FILE"`, the flow network of a preset with weights
            from official checkpoints; or a `FlowNetwork` or
            `DenseInverseSearch`, which is returned as it is.
        output_stride: of dense inverse search; by default that of the frames
            it looks at. A network has its own.

    Returns:
        `FlowNetwork` or `DenseInverseSearch`.

    Raises:
        ValueError: if it is none of these.
        FileNotFoundError: if there is no such file.
        ImportError: if OpenCV is needed and not installed.
    """
    if isinstance(flow, FlowNetwork | DenseInverseSearch):
        return flow
    text = str(flow)
    if text.split(":")[0] == "dis":
        search = DenseInverseSearch.from_text(text)
        config = search.get_config()
        config["output_stride"] = output_stride or search.divisor
        return DenseInverseSearch.from_config(config)
    if text == SHIPPED:
        from accel_tf.weights.flow import load_flow_network

        return load_flow_network()
    if text.endswith(".keras"):
        model = load_keras_model(text, keras.Model)
    elif "=" in text:
        name, _, files = text.partition("=")
        model, _ = restore_model(name, files.split(","))
    elif pathlib.Path(text).exists():
        raise ValueError(
            f"{text} is no .keras file; for an official checkpoint give "
            f"PRESET={text}."
        )
    else:
        known = ("dis", SHIPPED)
        near = difflib.get_close_matches(text, known, n=1, cutoff=0.0)[0]
        raise ValueError(
            f"no optical flow {text!r}; did you mean {near!r}? Give dis, "
            f"dis:fast:2, {SHIPPED}, a .keras file or PRESET=FILE."
        )
    network = getattr(model, "flow_network", model)
    if not isinstance(network, FlowNetwork | DenseInverseSearch):
        raise ValueError(f"{text} holds a {type(model).__name__}, no flow.")
    return network


def _flow_argument(model):
    return "flow" if isinstance(model, Propagated) else "flow_network"


def _copy_weights(model, copy, flow):
    """All but those of the flow, which are copied from `flow`."""
    for layer in copy.layers:
        if layer is copy.flow_network:
            layer.set_weights(flow.get_weights())
        else:
            layer.set_weights(model.get_layer(layer.name).get_weights())
