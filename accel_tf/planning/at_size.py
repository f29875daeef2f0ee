"""A model that sees frames as `accel-tf segment` shows them to it."""

import numpy as np

from accel_tf.segmentation.frames import resized
from accel_tf.streaming.compiled_step import compile_step


class AtSize:
    """Brings frames to a model's scale, and its labels to the frame's size.

    What `VideoStream` and evaluation ask of a model, with a step of its own.

    Args:
        model: what `VideoStream` takes.
        options: `SegmentOptions`, of which the size counts.
    """

    def __init__(self, model, options):
        self._model, self._options = model, options

    def __getattr__(self, name):
        return getattr(self._model, name)

    def initial_state(self, batch_size, height, width):
        """That of the model for frames of its size."""
        size = self.seen_size((height, width))
        return self._model.initial_state(batch_size, *size)

    def compile_step(self):
        """`step(frame, state, is_key) -> (labels, state)`.

        Frames uint8 `[1, H, W, 3]`, labels uint8 `[1, H, W]`.
        """
        inner = compile_step(self._model)

        def step(frame, state, is_key):
            image = np.asarray(frame[0])
            seen = resized(image, self.seen_size(image.shape[:2]))
            labels, _, state, *_ = inner(
                seen[None], state, is_key, image.shape[:2]
            )
            return labels, state

        return step

    def seen_size(self, frame_size):
        """`(height, width)` at which the model sees frames of a size.

        Raises:
            ValueError: as `SegmentOptions.model_size`.
        """
        return self._options.model_size(frame_size, self)

    @property
    def model(self):
        """The model inside, which knows its programs' sizes."""
        return self._model
