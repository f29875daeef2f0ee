"""A model of another library, or a user's own program, as a segmenter."""

import numpy as np
from keras import ops

from accel_tf.models.per_frame.holes import without_holes
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.ops import class_labels
from accel_tf.ops.host import call_on_host
from accel_tf.ops.resample import resample

_NO_CLASS = 255


class ForeignPerFrame(VideoSegmenter):
    """Segments every frame by a program that is none of Keras'.

    It can be neither trained nor saved nor exported. `accel_tf.per_frame`
    makes one. Labels become scores of one and zero. Pixels labelled 255 have
    no class, and a `VideoStream` gives 255 there, too; their scores are those
    of the nearest pixel that has a class.

    Args:
        program: a `ForeignProgram`.
        num_classes: of its labels or scores.
        label_map, name: as in `VideoSegmenter`.
    """

    runs_on_host = True

    def __init__(self, program, num_classes, **kwargs):
        super().__init__(num_classes, trainable=False, **kwargs)
        self.program = program
        self.grid = program.grid
        self.built = True

    @property
    def output_stride(self):
        return self.grid.stride

    def score(self, frame, state, is_key, training=None):
        batch, *size = ops.shape(frame)[:3]
        shape = (batch, *self.grid.native_size(size))
        if self.program.gives_labels:
            labels = call_on_host(self._filled, [frame], shape, "uint8")
            return ops.one_hot(labels, self.num_classes, dtype="float32"), None
        shape = (*shape, self.num_classes)
        return call_on_host(self._scores, [frame], shape), None

    def scores_shape(self, batch_size, height, width):
        size = self.grid.native_size((height, width))
        return (batch_size, *size, self.num_classes)

    def upsample(self, scores, size, frame_size=None):
        return resample(scores, self.output_stride, 1, size, frame_size)

    def compile_step(self):
        """The step as `VideoStream` calls it.

        Past the backend's compiler, which would hide the program's errors
        among its own.
        """

        def step(frame, state, is_key):
            self.check_frame(frame)
            frame = np.asarray(ops.convert_to_numpy(frame))
            size = frame.shape[1:3]
            if self.program.gives_labels:
                labels = self._labels(frame)
                if self.output_stride != 1:
                    labels = labels.repeat(self.output_stride, axis=1)
                    labels = labels.repeat(self.output_stride, axis=2)
                return labels[:, : size[0], : size[1]], state
            scores = ops.convert_to_tensor(self._scores(frame))
            return class_labels(self.logits(scores, None, size)), state

        return step

    def _filled(self, frame):
        """`_labels` with a class for every pixel: scores cannot say none."""
        labels = self._labels(frame)
        return np.stack([without_holes(each, self.name) for each in labels])

    def _labels(self, frame):
        """uint8 `[B, h, w]` at the stride of the frame's scores."""
        labels = self.program.run(frame)
        if labels.size and labels.dtype != np.uint8:
            wrong = (labels < 0) | (labels > _NO_CLASS)
            if wrong.any():
                self._refuse_label(labels[wrong][0])
        labels = np.asarray(labels, np.uint8)
        wrong = (labels >= self.num_classes) & (labels != _NO_CLASS)
        if wrong.any():
            self._refuse_label(labels[wrong][0])
        return labels

    def _refuse_label(self, label):
        raise ValueError(
            f"{self.name} gave the label {label}; its {self.num_classes} "
            "classes are 0 to "
            f"{self.num_classes - 1}, and 255 is for none."
        )

    def _scores(self, frame):
        """float32 `[B, h, w, classes]` at their stride."""
        scores = self.program.run(frame)
        if scores.shape[-1] != self.num_classes:
            raise ValueError(
                f"{self.name} gave {scores.shape[-1]} scores for each pixel, "
                f"not {self.num_classes}."
            )
        # The least number is not a number where any is none.
        if np.isnan(scores.min(initial=0)):
            raise ValueError(f"{self.name} gave scores that are no numbers.")
        return scores

    def multiply_adds(self, height, width):
        """Unknown: both values are `None`."""
        return {"key": None, "non_key": None}

    # === What such a model cannot do ===

    def check_exportable(self):
        self._refuse("exported")

    def fit(self, *args, **kwargs):
        self._refuse("trained")

    def train_on_batch(self, *args, **kwargs):
        self._refuse("trained")

    def save(self, *args, **kwargs):
        self._refuse("saved")

    def save_weights(self, *args, **kwargs):
        self._refuse("saved")

    def get_config(self):
        self._refuse("saved")

    def checkpoint_entries(self):
        self._refuse("given weights")

    def load_weights(self, *args, **kwargs):
        self._refuse("given weights")

    def _refuse(self, done):
        raise ValueError(
            f"{self.name} runs outside the graph ({self.program.kind}); it "
            f"cannot be {done}."
        )
