"""The same as `FrameGrid` in NumPy."""

import numpy as np

from accel_tf.models.per_frame.frame_grid import FrameGrid


class ArrayGrid(FrameGrid):
    """For programs that run on the processor.

    No backend takes part: some wait for ever if a program of theirs calls
    back and asks for another, and no two round in the same way, which whole
    numbers as inputs make large.
    """

    def image(self, frame):
        size = frame.shape[1:3]
        new_size = self.image_size(size)
        if size == new_size:
            return frame
        if self.size:
            rows, columns = (
                np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
                for new, old in zip(new_size, size, strict=True)
            )
            return _interpolate(frame, rows, columns)
        below, right = (
            new - old for new, old in zip(new_size, size, strict=True)
        )
        return np.pad(frame, ((0, 0), (0, below), (0, right), (0, 0)), "edge")

    def scores(self, scores, size):
        if self._fits(scores, size):
            return self._cut(scores, size)
        return _interpolate(scores, *self._positions(scores, size))

    def labels(self, labels, size):
        """Those of the nearest place.

        Args:
            labels: `[B, h, w]`.
            size: `(height, width)` of the frame.
        """
        if self._fits(labels, size):
            return self._cut(labels, size)
        rows, columns = (
            np.round(places).astype(int)
            for places in self._positions(labels, size)
        )
        return labels[:, rows[:, None], columns]

    def _fits(self, values, size):
        """Whether values lie where those of the frame do."""
        if self.aligns_corners:
            return False
        return not self.size or values.shape[1:3] == self.native_size(size)

    def _cut(self, values, size):
        height, width = self.native_size(size)
        return values[:, :height, :width]

    def _positions(self, values, size):
        return [
            np.clip(
                self.position(np.arange(new), axis, size, old - 1), 0, old - 1
            )
            for axis, (new, old) in enumerate(
                zip(self.native_size(size), values.shape[1:3], strict=True)
            )
        ]


def _interpolate(images, rows, columns):
    """float32 at the outer product of `rows` and `columns`."""
    images = np.asarray(images, np.float32)
    for axis, places in ((1, rows), (2, columns)):
        low = np.floor(places).astype(int)
        high = np.minimum(low + 1, images.shape[axis] - 1)
        weight = (places - low).astype(np.float32)
        weight = weight.reshape([-1] + [1] * (3 - axis))
        first, second = (np.take(images, at, axis) for at in (low, high))
        images = first + (second - first) * weight
    return images
