"""Sizes and strides of what propagation carries."""

from keras import ops

from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.ops import warp
from accel_tf.ops.resample import resample, resample_flow


class CarriedGrid(VideoSegmenter):
    """A segmenter that carries scores or features, and the flow, on grids.

    It has `segmenter`, `split_parts` and `shapes`, a dict for what is known
    of them.
    """

    @property
    def output_stride(self):
        return self.segmenter.output_stride

    @property
    def _grid_stride(self):
        """Of flow and trust: that of full resolution tells nothing more."""
        return max(self._carried_stride, 2)

    @property
    def _carried_stride(self):
        if self.split_parts is not None:
            return self.split_parts.stride
        return self.output_stride

    def _grid_size(self, size):
        """Of flow and trust, for what is carried of `(height, width)`."""
        stride = self._grid_stride
        return [-(-side * self._carried_stride // stride) for side in size]

    def _on_grid(self, trust, scores, stride):
        """Trust on the grid of the scores, or of what is carried."""
        size = ops.shape(scores)[1:3]
        return resample(trust, self._grid_stride, stride, size)

    def _moved(self, carried, flow):
        """What was carried, moved along the flow from the key frame."""
        flow = resample_flow(
            flow,
            self._grid_stride,
            self._carried_stride,
            ops.shape(carried)[1:3],
        )
        return warp(carried, flow, border="clamp")

    def _carried_shape(self, batch_size, height, width):
        """Shape of what is carried for frames of a size."""
        size = (batch_size, height, width)
        if self.split_parts is None:
            return self._scores_shape(*size)
        return self._shape("features", self.split_parts.shape, *size)

    def _scores_shape(self, *size):
        return self._shape("scores", self.segmenter.scores_shape, *size)

    def _shape(self, name, find, batch_size, height, width):
        """What `find` gives for frames of a size."""
        if not isinstance(height, int) or not isinstance(width, int):
            return find(batch_size, height, width)
        # To find it the model is traced, which a stream that starts anew
        # should not wait for.
        key = (name, height, width)
        if key not in self.shapes:
            self.shapes[key] = find(1, height, width)[1:]
        return (batch_size, *self.shapes[key])
