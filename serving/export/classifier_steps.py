"""A causal clip classifier's step, as a `FrameWalk` takes it."""

import tensorflow as tf

from accel_tf.layers.inference_conv2d import variable_kernels
from accel_tf.ops.kernels import kernels_for
from accel_tf.serving.export.fitted_frames import fit_frames


class ClassifierSteps:
    """One frame after another of one stream, each brought to `crop_size`.

    Args:
        model: a causal `ClipClassifier` on the TensorFlow backend.

    Attributes:
        output_name, output_spec, uses_key_frames, least_side, rule,
            state_specs: as of `CompiledSteps`.
    """

    output_name = "probabilities"
    uses_key_frames = False
    rule = None
    least_side = 1

    def __init__(self, model):
        self._model = model
        size = model.crop_size
        start = model.initial_state(1, size, size)
        self._names = sorted(start)
        self.state_specs = [
            tf.TensorSpec(start[name].shape, start[name].dtype)
            for name in self._names
        ]
        self.output_spec = tf.TensorSpec([model.num_classes], tf.float32)
        self._step = tf.function(
            self._traced_step,
            input_signature=[
                tf.TensorSpec([1, None, None, 3], tf.uint8),
                self.state_specs,
            ],
            autograph=False,
        )

    def __call__(self, frame, starts, previous):
        """Classes as of a frame.

        Args:
            frame, starts, previous: as of `CompiledSteps`.

        Returns:
            `(probabilities, state)`: float32 `[classes]` and a list of
            tensors.
        """
        state = tf.cond(starts, self._zeros, previous)
        return self._step(frame, state)

    def _zeros(self):
        return [tf.zeros(x.shape, x.dtype) for x in self.state_specs]

    def _traced_step(self, frame, state):
        state = dict(zip(self._names, state, strict=True))
        frame = fit_frames(frame, self._model.crop_size)
        with variable_kernels(), kernels_for("tensorflow"):
            logits, state = self._model.step(frame, state)
        # A frame of `crop_size` has one position.
        probabilities = tf.nn.softmax(logits[0])
        return probabilities, [
            tf.convert_to_tensor(state[name]) for name in self._names
        ]
