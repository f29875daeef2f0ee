"""A model's step as TensorFlow programs for frames of any size."""

import tensorflow as tf
from keras import ops

from accel_tf.layers.inference_conv2d import variable_kernels
from accel_tf.ops import class_labels
from accel_tf.ops.kernels import kernels_for
from accel_tf.serving.export.images import encode_labels
from accel_tf.streaming.adaptive_rule import NUMBERS, SIGNAL


class CompiledSteps:
    """One frame after another of one stream, in programs shared by all.

    Height and width are open, so one export takes every resolution. Frames
    are brought to the scale at which the model was trained, if it knows that,
    and scores from there to the size of the frame. A model
    without key frames must therefore take scalar tensors as height and width
    in `initial_state`; and the first key frame must do with an empty state.

    Args:
        model: a `VideoSegmenter` on the TensorFlow backend.
        rule: the `AdaptiveRule` that is to choose key frames; `None` for
            none. The first tensor of the state is then the rule's.

    Attributes:
        output_name, output_spec: of what a frame gives, for `FrameWalk`.
        uses_key_frames, least_side: as in the model.
        state_names: names of the state's tensors; states are lists in this
            order.
        state_specs: list of the `tf.TensorSpec` of each; empty for models
            without a state.

    Raises:
        ValueError: if the state changes its names, types or ranks from one
            frame to the next.
    """

    output_name = "label_png_bytes"
    output_spec = tf.TensorSpec([], tf.string)

    def __init__(self, model, rule=None):
        self.rule = rule
        self.uses_key_frames = model.uses_key_frames
        self.least_side = model.least_side
        self._model = model
        self._frame = tf.TensorSpec([1, None, None, 3], tf.uint8, "frame")
        # Filled while a program is traced, for that returns only lists.
        self.state_names = None
        self._scores = self._program(self._native_scores)
        self._start = self._program(
            self._key_step if self.uses_key_frames else self._initial_state
        )
        state = self._start.get_concrete_function().structured_outputs[-1]
        self._specs = [
            tf.TensorSpec(tensor.shape, tensor.dtype)
            for tensor in self._apart(state)[0]
        ]
        later = [self._next_step]
        if self.uses_key_frames and model.key_frames_ask_state:
            later.append(self._key_step)
        self._follow, *again = self._later_programs(later)
        self._again = again[0] if again else None

    @property
    def state_specs(self):
        if self.rule is None:
            return self._specs
        return [tf.TensorSpec([NUMBERS], tf.float32), *self._specs]

    def __call__(self, frame, starts, previous, begins=None, numbers=None):
        """Segments a frame.

        Args:
            frame: uint8 `[1, H, W, 3]`.
            starts: scalar boolean tensor: whether this is a key frame or,
                in models without these, the first of a stream.
            previous: function that gives the state, a list of tensors;
                called in the branch where the stream goes on.
            begins: scalar boolean tensor, of models with key frames: whether
                nothing of the state may be used; then `starts` is true.
            numbers: the state of the rule, if there is one.

        Returns:
            `(label_png_bytes, state)`: a scalar string tensor and a list of
            tensors.
        """
        if self.rule is None:
            labels, state = self._labels(frame, starts, previous, begins)
            return encode_labels(labels), state
        labels, state = self._labels(
            frame, starts, lambda: previous()[1:], begins
        )
        state, told = self._apart(state)
        numbers = self.rule.after(numbers, starts, told, ops)
        return encode_labels(labels), [numbers, *state]

    def scores(self, frame):
        """Scores of a first frame at the network's stride.

        Args:
            frame: uint8 `[1, H, W, 3]`.

        Returns:
            float32 `[h, w, classes]`.
        """
        return self._scores(frame)

    @property
    def scores_shape(self):
        """Static shape of `scores`."""
        return self._scores.get_concrete_function().output_shapes

    def _labels(self, frame, starts, previous, begins):
        """uint8 `[H, W]`, and the state."""
        if not self.uses_key_frames:
            if not self._specs:
                return self._follow(frame, [])
            _, state = tf.cond(
                starts, lambda: self._start(frame), lambda: (0, previous())
            )
            return self._follow(frame, state)
        if not self._specs:
            previous = list

        def follow():
            return self._follow(frame, previous())

        def look_again():
            return self._again(frame, previous())

        def go_on():
            if self._again is None:
                return follow()
            return tf.cond(starts, look_again, follow)

        is_fresh = starts if self._again is None else begins
        return tf.cond(is_fresh, lambda: self._start(frame), go_on)

    def _program(self, function, *inputs):
        def trace(*tensors):
            # Weights are stored once, and no server needs to have XLA.
            with variable_kernels(), kernels_for("tensorflow"):
                return function(*tensors)

        return tf.function(
            trace, input_signature=[self._frame, *inputs], autograph=False
        )

    def _later_programs(self, steps):
        """Steps from a state, whose specs widen until all give such."""
        while True:
            programs = [self._program(step, self._specs) for step in steps]
            specs = self._specs
            for program in programs:
                _, state = program.get_concrete_function().structured_outputs
                specs = list(map(_general, specs, self._apart(state)[0]))
            if specs == self._specs:
                return programs
            self._specs = specs

    # === What the programs do ===

    def _initial_state(self, frame):
        frame = self._scaled(frame)
        size = tf.unstack(tf.shape(frame)[1:3])
        state = self._model.initial_state(1, *size)
        return 0, self._listed(state)

    def _key_step(self, frame, state=()):
        return self._step(frame, self._named(state), is_key=True)

    def _next_step(self, frame, state):
        is_key = not self.uses_key_frames
        return self._step(frame, self._named(state), is_key)

    def _named(self, state):
        """A list of tensors as the model has it; a stream begins with `()`."""
        names = self.state_names if state else ()
        return dict(zip(names, state, strict=True))

    def _step(self, frame, state, is_key):
        model, told = self._model, []
        if model.trained_size is None and self.rule is None:
            logits, state = model.step(frame, state, is_key=is_key)
            return class_labels(logits[0]), self._listed(state)
        scaled = self._scaled(frame)
        if self.rule is None:
            scores, bias, state = model.segment(scaled, state, is_key)
        else:
            scores, bias, state, signals = model.segment_with_signals(
                scaled, state, is_key, (SIGNAL,)
            )
            told = [signals[SIGNAL]]
        images = (frame,) if model.trained_size is None else (frame, scaled)
        sizes = (tf.unstack(tf.shape(image)[1:3]) for image in images)
        logits = model.logits(scores, bias, *sizes)
        return class_labels(logits[0]), [*self._listed(state), *told]

    def _apart(self, state):
        """What a program gives, as the model's state and the signal."""
        if self.rule is None:
            return state, None
        return state[:-1], state[-1]

    def _scaled(self, frame):
        """The frame as the model sees it, see `size_at_trained_scale`."""
        if self._model.trained_size is None:
            return frame
        wanted = min(self._model.trained_size)
        size = tf.shape(frame)[1:3]
        shorter = tf.reduce_min(size)

        def smaller():
            sides = tf.cast(size, tf.float64) * wanted
            sides = tf.round(sides / tf.cast(shorter, tf.float64))
            sides = tf.maximum(tf.cast(sides, tf.int32), 1)
            means = tf.image.resize(frame, sides, tf.image.ResizeMethod.AREA)
            return tf.cast(tf.round(means), tf.uint8)

        scaled = tf.cond(shorter > wanted, smaller, lambda: frame)
        return tf.ensure_shape(scaled, [1, None, None, 3])

    def _native_scores(self, frame):
        frame = self._scaled(frame)
        state = self._model.clip_state(1, *tf.unstack(tf.shape(frame)[1:3]))
        scores, _ = self._model.step(
            frame, state, is_key=True, native_stride=True
        )
        return scores[0]

    def _listed(self, state):
        names = sorted(state)
        if self.state_names not in (None, names):
            raise ValueError(
                f"the state of {self._model.name} must keep its names, got "
                f"{names} after {self.state_names}."
            )
        self.state_names = names
        return [tf.convert_to_tensor(state[name]) for name in names]


def _general(spec, other):
    """The `tf.TensorSpec` that both fit."""
    if spec.dtype != other.dtype or spec.shape.rank != other.shape.rank:
        raise ValueError(
            "a state must keep the types and ranks of its tensors, got "
            f"{other.dtype.name} {other.shape} after {spec.dtype.name} "
            f"{spec.shape}."
        )
    return tf.TensorSpec(
        spec.shape.most_specific_common_supertype([other.shape]), spec.dtype
    )
