"""A model's step as frozen TensorFlow graphs without branches."""

import dataclasses

import keras
import numpy as np

from accel_tf.layers.inference_conv2d import variable_kernels
from accel_tf.quiet_start import quiet_tensorflow


@dataclasses.dataclass(frozen=True)
class Kind:
    """Which way a step goes.

    Attributes:
        is_key: always true for models without key frames.
        counters: tuple of `(name, number)`: the state's whole numbers, by
            which a model chooses a branch. Empty on key frames of models
            that have these: they ask nothing of the state.
    """

    is_key: bool
    counters: tuple = ()

    def __str__(self):
        numbers = [f"{name}{number}" for name, number in self.counters]
        return "-".join(["key" if self.is_key else "nonkey", *numbers])


def kind_of_step(uses_key_frames, is_key, counters):
    """The `Kind` of a step of a model with or without key frames."""
    if not uses_key_frames:
        return Kind(True, counters)
    return Kind(is_key, () if is_key else counters)


@dataclasses.dataclass(frozen=True)
class Tensor:
    """A tensor of a program: its name, shape and type (as in numpy)."""

    name: str
    shape: tuple
    dtype: str


@dataclasses.dataclass(frozen=True)
class StepGraph:
    """One program: `frame, state... -> labels, state...`.

    Attributes:
        graph_def: `tf.compat.v1.GraphDef` with placeholders and identities
            of these names, and constants for weights.
        inputs: list of `Tensor`: `frame`, then the state before.
        outputs: list of `Tensor`: `labels`, then what has changed of the
            state.
        counters: tuple of `(name, number)` after the step.
    """

    graph_def: object
    inputs: list
    outputs: list
    counters: tuple


def split_state(state):
    """A state's arrays, and its whole numbers.

    Args:
        state: dict of name -> array with a batch of one.

    Returns:
        `(arrays, counters)`: dict of name -> array, and tuple of
        `(name, number)` for those of shape `[1]` and a type of integers.
    """
    arrays, counters = {}, []
    for name in sorted(state):
        value = np.asarray(state[name])
        if value.shape == (1,) and np.issubdtype(value.dtype, np.integer):
            counters.append((name, int(value[0])))
        else:
            arrays[name] = value
    return arrays, tuple(counters)


def join_state(arrays, counters):
    """The state that `split_state` took apart."""
    numbers = {name: np.array([n], np.int32) for name, n in counters}
    return {**arrays, **numbers}


class StepTracer:
    """Makes the programs of a model for frames of one size.

    Args:
        model: a `VideoSegmenter` on the TensorFlow backend.
        height: of the frames, in pixels.
        width: of the frames, in pixels.

    Attributes:
        initial_state: dict of name -> numpy array, as of the model.
    """

    def __init__(self, model, height, width):
        self._model = model
        self._frame = Tensor("frame", (1, height, width, 3), "uint8")
        state = model.initial_state(1, height, width)
        self.initial_state = {
            name: keras.ops.convert_to_numpy(value)
            for name, value in state.items()
        }
        arrays, _ = split_state(self.initial_state)
        self._state = [
            Tensor(name, array.shape, array.dtype.name)
            for name, array in arrays.items()
        ]

    def trace(self, kind):
        """Builds the program of one kind of step.

        Args:
            kind: `Kind`.

        Returns:
            `StepGraph`.
        """
        import tensorflow as tf

        model = self._model
        is_start = model.uses_key_frames and kind.is_key
        asks = not is_start or model.key_frames_ask_state
        before = self._state if asks else []
        # Filled while the program is traced.
        after, changed = {}, []

        def label(frame, *arrays):
            names = (tensor.name for tensor in before)
            given = dict(zip(names, arrays, strict=True))
            logits, state = self._model.step(
                frame, {**given, **dict(kind.counters)}, is_key=kind.is_key
            )
            after.update(state)
            # Some runtimes have no outputs that are inputs.
            changed[:] = [
                tensor
                for tensor in self._state
                if state[tensor.name] is not given.get(tensor.name)
            ]
            # An operation that every converter knows, and along the axis
            # along which the runtimes are fastest.
            scores = tf.transpose(logits, (0, 3, 1, 2))
            labels = tf.cast(tf.argmax(scores, axis=1), tf.uint8)
            arrays = [state[tensor.name] for tensor in changed]
            return [labels, *map(tf.convert_to_tensor, arrays)]

        inputs = [
            self._frame,
            *(
                dataclasses.replace(tensor, name=f"state_{tensor.name}")
                for tensor in before
            ),
        ]
        specs = [tf.TensorSpec(t.shape, t.dtype, t.name) for t in inputs]
        with variable_kernels():
            traced = tf.function(
                label, input_signature=specs, autograph=False
            ).get_concrete_function()
        names = ["labels", *(f"next_{t.name}" for t in changed)]
        outputs = [
            Tensor(name, tuple(tensor.shape), tensor.dtype.name)
            for name, tensor in zip(names, traced.outputs, strict=True)
        ]
        counters = _counters_after(after, self._state)
        return StepGraph(
            frozen_graph(traced, outputs), inputs, outputs, counters
        )


def _counters_after(state, arrays):
    names = {tensor.name for tensor in arrays}
    return tuple(
        (name, int(number))
        for name, number in sorted(state.items())
        if name not in names
    )


def frozen_graph(traced, outputs):
    """The graph with constants for weights, and its outputs by name.

    Args:
        traced: `tf.ConcreteFunction`.
        outputs: list of `Tensor`, in its order.
    """
    from tensorflow.python.framework import convert_to_constants

    with quiet_tensorflow():
        frozen = convert_to_constants.convert_variables_to_constants_v2(traced)
    graph_def = frozen.graph.as_graph_def()
    for output, tensor in zip(outputs, frozen.outputs, strict=True):
        node = graph_def.node.add(
            name=output.name, op="Identity", input=[tensor.name]
        )
        node.attr["T"].type = tensor.dtype.as_datatype_enum
    return graph_def
