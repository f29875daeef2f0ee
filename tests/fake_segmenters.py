"""Segmenters without weights, whose answers are known beforehand.

They read the class of a pixel from the red channel of the frame.
"""

from keras import ops

from accel_tf.models.segmenter import VideoSegmenter


class PaintedLabels(VideoSegmenter):
    """A per-frame model: gives the class that is painted in the frame."""

    output_stride = 1

    def step(self, frame, state, is_key=True):
        return self._one_hot(frame[..., 0]), state

    def _one_hot(self, labels):
        labels = ops.minimum(ops.cast(labels, "int32"), self.num_classes - 1)
        return ops.one_hot(labels, self.num_classes, dtype="float32")

    def multiply_adds(self, height, width):
        return {"key": 30 * height * width, "non_key": 30 * height * width}


class RepeatsKeyFrame(PaintedLabels):
    """Gives the class painted in the key frame until the next one."""

    uses_key_frames = True

    def initial_state(self, batch_size, height, width):
        return {"labels": ops.zeros((batch_size, height, width), "uint8")}

    def step(self, frame, state, is_key=True):
        labels = frame[..., 0] if is_key else state["labels"]
        return self._one_hot(labels), {"labels": labels}

    def multiply_adds(self, height, width):
        return {"key": 30 * height * width, "non_key": 10 * height * width}


class CountsFrames(PaintedLabels):
    """Keeps a state without key frames: gives how many frames it has seen."""

    def initial_state(self, batch_size, height, width):
        return {"seen": ops.zeros((batch_size, height, width), "int32")}

    def step(self, frame, state, is_key=True):
        seen = state["seen"] + 1
        return self._one_hot(seen), {"seen": seen}


class Frames:
    """Frames that are made when indexed, and note that they were.

    Args:
        images: array `[T, H, W, C]`.
    """

    def __init__(self, images):
        self.images, self.read = images, []

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        self.read.append(index)
        return self.images[index]
