"""What a network that finds the flow between two frames has besides."""

import keras

from accel_tf.layers.folding import fold_batch_normalization
from accel_tf.models.cost import count_multiply_adds
from accel_tf.models.image_normalization import subtract_mean
from accel_tf.models.network import Network


class FlowNetwork(Network):
    """A functional network from two small frames to the flow between them.

    Called on `[current, previous]`, both from `observe`. Gives float
    `[B, h, w, 2]`, (dx, dy) in pixels of its stride: where in `previous` the
    content of a pixel of `current` was.

    A segmenter asks nothing else of what finds its flow, so that
    `DenseInverseSearch`, which is no network, can take its place. A subclass
    has `output_stride`.
    """

    observed_stride = 2
    runs_on_host = False

    def observe(self, frame):
        """What is remembered of a frame until the next.

        Args:
            frame: RGB 0..255 `[B, H, W, 3]`.

        Returns:
            float32 `[B, ceil(H / 2), ceil(W / 2), 3]`, see `flow_image`.
        """
        return flow_image(subtract_mean(frame))

    def observed_shape(self, height, width):
        """Shape and dtype of `observe` for one frame of that size."""
        return ((height + 1) // 2, (width + 1) // 2, 3), "float32"

    def multiply_adds(self, height, width):
        """The cost of the flow between two frames of that size."""
        shape, _ = self.observed_shape(height, width)
        return count_multiply_adds(self, (1, *shape), (1, *shape))


def fold_flow_network(flow_network):
    """The form for inference of whatever finds the flow.

    Args:
        flow_network: a `FlowNetwork`, or what can take its place, which is
            returned as it is.
    """
    if isinstance(flow_network, FlowNetwork):
        return fold_batch_normalization(flow_network)
    return flow_network


def flow_image(image):
    """Half-size pixels about zero.

    Args:
        image: float32 `[B, H, W, 3]`, RGB 0..255 minus the mean.

    Returns:
        float32 `[B, ceil(H / 2), ceil(W / 2), 3]`: averages of 2x2 pixels,
        over 255; at an odd edge, of the pixels that exist.
    """
    return keras.ops.average_pool(image, 2, strides=2, padding="same") / 255.0
