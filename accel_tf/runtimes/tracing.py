"""A model's step as frozen TensorFlow graphs without branches."""

import dataclasses

import keras

from accel_tf.layers.inference_conv2d import variable_kernels
from accel_tf.quiet_start import quiet_tensorflow
from accel_tf.runtimes.steps import Tensor, split_state


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


def trace_clip(model, frames, height, width):
    """The program of a classifier for clips of one size.

    Args:
        model: a `ClipClassifier` on the TensorFlow backend.
        frames, height, width: of the clips; sides in pixels.

    Returns:
        `StepGraph` from `clip` to `logits`, by position.
    """
    import tensorflow as tf

    clip = Tensor("clip", (1, frames, height, width, 3), "uint8")
    with variable_kernels():
        traced = tf.function(
            lambda clip: [model.logits_by_position(clip)],
            input_signature=[tf.TensorSpec(clip.shape, clip.dtype, clip.name)],
            autograph=False,
        ).get_concrete_function()
    (logits,) = traced.outputs
    outputs = [Tensor("logits", tuple(logits.shape), logits.dtype.name)]
    return StepGraph(frozen_graph(traced, outputs), [clip], outputs, ())


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
