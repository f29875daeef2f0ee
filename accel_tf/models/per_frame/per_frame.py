"""Any Keras model from images to scores as a segmenter."""

import keras
from keras import ops

from accel_tf.models.cost import count_layers
from accel_tf.models.per_frame.frame_grid import FrameGrid
from accel_tf.models.per_frame.normalization import Normalization
from accel_tf.models.per_frame.open_sizes import open_sizes
from accel_tf.models.per_frame.probe_network import select_output
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.models.split import Split, split_network
from accel_tf.ops.resample import resample


class PerFrameStep(VideoSegmenter):
    """What `PerFrame` computes around its network.

    It has `grid`, `normalization` and `probabilities`; a subclass says what
    the network gives.
    """

    def network_scores(self, image, training=False):
        """What the network gives for an image, `[B, h, w, classes]`."""
        raise NotImplementedError  # abstract

    @property
    def output_stride(self):
        return self.grid.stride

    def score(self, frame, state, is_key, training=None):
        image = self.grid.image(self.normalization(frame))
        # Never `None`: Keras' layers that resize take it for true, and so do
        # the layers after them.
        with open_sizes(image):
            scores = self.network_scores(image, bool(training))
        if self.probabilities:
            scores = ops.log(ops.maximum(ops.cast(scores, "float32"), 1e-7))
        return self.grid.scores(scores, ops.shape(frame)[1:3]), None

    def scores_shape(self, batch_size, height, width):
        size = self.grid.native_size((height, width))
        return (batch_size, *size, self.num_classes)

    def upsample(self, scores, size, frame_size=None):
        return resample(scores, self.output_stride, 1, size, frame_size)

    def multiply_adds(self, height, width):
        size = self.grid.image_size((height, width))
        total = count_layers(self.network_scores, (1, *size, 3))
        return {"key": total, "non_key": total}


@keras.saving.register_keras_serializable(package="accel_tf")
class PerFrame(PerFrameStep):
    """A network that segments every frame afresh.

    `accel_tf.per_frame` makes one and finds out what its arguments are.
    Scores come to the frame's size by bilinear interpolation between the
    middles of pixels.

    Args:
        network: `keras.Model` from images `[B, H, W, 3]` to scores or
            probabilities `[B, h, w, classes]`.
        num_classes: channels of its scores.
        output_stride: pixels of the frame per score.
        multiple_of: sides of the images that the network takes are
            multiples of it.
        image_size: `(height, width)` of the only images that it takes, or
            `None`.
        aligns_corners: as for `FrameGrid`, where there is an `image_size`.
        mean, scale, channel_order: as for `Normalization`.
        probabilities: whether the network ends with a softmax; then its
            logarithm makes logits of what it gives.
        output_name: of the scores, if the network gives a dict.
        label_map, dtype, name: as in `VideoSegmenter`; the dtype policy is
            the network's by default.
    """

    def __init__(
        self,
        network,
        num_classes,
        output_stride=1,
        multiple_of=1,
        image_size=None,
        aligns_corners=False,
        mean=0.0,
        scale=1.0,
        channel_order="rgb",
        probabilities=False,
        output_name=None,
        dtype=None,
        **kwargs,
    ):
        dtype = network.dtype_policy if dtype is None else dtype
        super().__init__(num_classes, dtype=dtype, **kwargs)
        self.network = network
        self.grid = FrameGrid(
            output_stride,
            multiple_of,
            tuple(image_size) if image_size else None,
            aligns_corners,
        )
        self.normalization = Normalization(mean, scale, channel_order)
        self.probabilities = probabilities
        self.output_name = output_name
        self.built = True

    def network_scores(self, image, training=False):
        """What the network gives for an image, `[B, h, w, classes]`."""
        scores = self.network(image, training=training)
        return select_output(scores, self.output_name, self.network.name)

    def split_at(self, name):
        first, second = split_network(self.network, name)

        def features(frame, training=None):
            image = self.grid.image(self.normalization(frame))
            return first(image, training=training)

        def scores(features, size, training=None):
            scores = second(features, training=training)
            scores = select_output(scores, self.output_name, self.network.name)
            if self.probabilities:
                scores = ops.cast(scores, "float32")
                scores = ops.log(ops.maximum(scores, 1e-7))
            return self.grid.scores(scores, size)

        def shape(batch_size, height, width):
            size = self.grid.image_size((height, width))
            return first.compute_output_shape((batch_size, *size, 3))

        if self.grid.size:
            raise ValueError(
                f"{self.name} takes images of one size; only models for any "
                "size can be split."
            )
        sides = [4 * self.grid.multiple_of * self.grid.stride] * 2
        stride = sides[0] // shape(1, *sides)[1]
        return Split(
            features,
            scores,
            stride,
            shape,
            lambda *size: count_layers(second, shape(1, *size)),
        )

    def checkpoint_entries(self):
        raise ValueError(
            f"{self.name} has no official checkpoint; its weights come from "
            "a .weights.h5 file or .keras model."
        )

    def get_config(self):
        return {
            **super().get_config(),
            "network": self.serialize_network(self.network),
            "output_stride": self.grid.stride,
            "multiple_of": self.grid.multiple_of,
            "image_size": self.grid.size and list(self.grid.size),
            "aligns_corners": self.grid.aligns_corners,
            **self.normalization.to_config(),
            "probabilities": self.probabilities,
            "output_name": self.output_name,
        }
