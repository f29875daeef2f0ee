"""What a classifier does with a new frame of a live video: pure functions."""

import abc

import keras
from keras import ops

from accel_tf.layers.clip_time import WholeClip, fold, in_time
from accel_tf.layers.squeeze_excitation import SqueezeExcitation
from accel_tf.layers.window_time import WindowEnds
from accel_tf.models.dry_run import dry_run


class ClipStep(abc.ABC):
    """From a frame and a state to probabilities and a state.

        state = clip_step.initial_state(1, height, width)
        for index, frame in enumerate(video):
            kind = clip_step.kind(index)
            probabilities, state = clip_step(frame[None], state, kind)

    Args:
        model: a `ClipClassifier`.
    """

    def __init__(self, model):
        self.model = model

    @abc.abstractmethod
    def kind(self, seen):
        """What is to be done with a frame.

        Args:
            seen: frames of the stream before it.

        Returns:
            str; there is a program for each.
        """

    @abc.abstractmethod
    def initial_state(self, batch_size, height, width):
        """The state before the first frame, as of `ClipClassifier`."""

    @abc.abstractmethod
    def __call__(self, frame, state, kind):
        """Takes one more frame of each stream.

        Args:
            frame: RGB 0..255 `[B, H, W, 3]`, uint8 or float.
            state: from `initial_state` or the call before.
            kind: from `kind`.

        Returns:
            `(probabilities, state)`; float32 `[B, classes]`, or `None` where
            nothing is decided.
        """

    def _probabilities(self, logits):
        """`[B, rows, columns, classes]` to `[B, classes]`."""
        logits = ops.cast(logits, "float32")
        return ops.mean(ops.softmax(logits, axis=-1), axis=(1, 2))


class CausalStep(ClipStep):
    """One frame of work, by a classifier that sees no frame to come."""

    def kind(self, seen):
        return "step"

    def initial_state(self, batch_size, height, width):
        return self.model.initial_state(batch_size, height, width)

    def __call__(self, frame, state, kind):
        logits, state = self.model.step_by_position(frame, state)
        return self._probabilities(logits), state


class WindowStep(ClipStep):
    """Exactly the clip of the last frames.

    What is computed before the first squeeze-and-excitation, which takes a
    mean over the window, is kept from window to window (`WindowEnds`).

    Args:
        model: a `ClipClassifier` that is not causal.
        every: frames from one window that is decided to the next.
    """

    def __init__(self, model, every=1):
        super().__init__(model)
        self.every = every
        self._first, self._second = _split_at_means(model.backbone)

    def kind(self, seen):
        beyond = seen - (self.model.frames - 1)
        due = beyond >= 0 and beyond % self.every == 0
        return "window" if due else "fill"

    def initial_state(self, batch_size, height, width):
        state = dry_run(
            lambda frame: self(frame, {}, "fill")[1],
            (batch_size, height, width, 3),
        )
        return {
            name: ops.zeros(tensor.shape, tensor.dtype)
            for name, tensor in state.items()
        }

    def __call__(self, frame, state, kind):
        window = self.model.frames
        time = WindowEnds(state, window, frame.shape[0])
        with in_time(time):
            ends = self._first(self.model.normalize(frame[:, None]))
            wholes = [
                time.whole(x, f"before_means_{index}")
                for index, x in enumerate(ends)
            ]
        if kind == "fill":
            return None, time.state
        with in_time(WholeClip(window)):
            features = self._second([fold(x) for x in wholes])
            logits = self.model.head(features)
        return self._probabilities(logits), time.state


def _split_at_means(backbone):
    """A backbone before and behind its first means over the clip.

    Returns:
        `(first, second)`: `keras.Model`s that share its layers, from frames
        to a list of all tensors that are needed from there on, and from
        these to the features.
    """
    behind, border = set(), {}
    for layer in backbone.layers:
        inputs = keras.tree.flatten(layer.input)
        means = isinstance(layer, SqueezeExcitation)
        if means or any(id(x) in behind for x in inputs):
            behind |= {id(x) for x in keras.tree.flatten(layer.output)}
            border |= {id(x): x for x in inputs if id(x) not in behind}
    border = list(border.values())
    return (
        keras.Model(backbone.input, border, name="before_means"),
        keras.Model(border, backbone.output, name="behind_means"),
    )
