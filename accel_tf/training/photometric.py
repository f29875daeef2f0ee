"""Training of optical flow without true flow."""

import keras
from keras import ops

from accel_tf.ops import resize_bilinear, warp

# Charbonnier's rounding of |x| near zero.
_ROUNDING = 1e-3
# Grey levels at which a difference of neighbours counts as one.
_CONTRAST = 12.0
# How soon an edge of the image (0..1) lets the flow change.
_EDGE = 20.0


@keras.saving.register_keras_serializable(package="accel_tf")
class PhotometricLoss(keras.losses.Loss):
    """How unlike the current frame the warped previous frame looks.

    Self-supervised flow in the manner of UnFlow (AAAI 2018): the previous
    frame is warped by the predicted flow and compared with the current one
    by a soft census transform, which asks only which neighbours of a pixel
    are brighter, so that a change of brightness or contrast costs little.
    Both are compared at several resolutions, the coarse ones for large
    motion. Pixels whose origin lies outside the previous frame don't count.
    The flow is kept smooth except at edges of the current frame.

    `y_true`: pairs `[B, 2, H, W, 3]`, RGB 0..255, the previous frame first.
    `y_pred`: flow `[B, h, w, 2]` from the current frame to the previous
    one, (dx, dy) in units of the stride `H / h`, as `PairwiseFlow` gives
    it. One value per pair.

    Args:
        smoothness: weight of the smoothness of the flow.
        strides: frames are compared after averaging squares of these sizes,
            in pixels.

    Raises:
        ValueError: if `H` and `W` are unknown or no multiples of `h` and
            `w` with one quotient, or that and the strides don't divide.
    """

    def __init__(
        self,
        smoothness=0.1,
        strides=(4, 8),
        reduction="sum_over_batch_size",
        name="photometric_loss",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.smoothness = smoothness
        self.strides = tuple(strides)

    def call(self, y_true, y_pred):
        stride = _stride(y_true.shape, y_pred.shape)
        for each in self.strides:
            if max(stride, each) % min(stride, each):
                raise ValueError(
                    f"strides {self.strides} do not fit flow of stride "
                    f"{stride}; one must divide the other."
                )
        # Brightness is enough, and spares two thirds of the work.
        grey = ops.mean(y_true, axis=-1, keepdims=True)
        total = 0.0
        for each in self.strides:
            previous, current = _pool(grey[:, 0], each), _pool(grey[:, 1], each)
            flow = _at_stride(y_pred, stride, each)
            total = total + _difference(previous, current, flow)
        image = _pool(y_true[:, 1], stride) / 255.0
        rough = _roughness(y_pred, image)
        return total / len(self.strides) + self.smoothness * rough

    def get_config(self):
        return {
            **super().get_config(),
            "smoothness": self.smoothness,
            "strides": list(self.strides),
        }


def _stride(pair, flow):
    if None in (*pair[2:4], *flow[1:3]):
        raise ValueError(
            "the frames' size must be known when the loss is built; cut them "
            "to one size."
        )
    strides = {
        pixels / cells
        for pixels, cells in zip(pair[2:4], flow[1:3], strict=True)
    }
    if len(strides) > 1 or not min(strides).is_integer():
        raise ValueError(
            f"frames of {pair[2]}x{pair[3]} pixels are no multiple of the "
            f"flow's {flow[1]}x{flow[2]}; cut them to a multiple of its "
            "stride."
        )
    return int(strides.pop())


def _pool(image, size):
    return ops.average_pool(image, size, strides=size, padding="valid")


def _at_stride(flow, stride, wanted):
    """Flow of one stride as flow of another, in its units."""
    if wanted > stride:
        flow = _pool(flow, wanted // stride)
    elif wanted < stride:
        size = [n * stride // wanted for n in flow.shape[1:3]]
        flow = resize_bilinear(flow, size)
    return flow * (stride / wanted)


def _difference(previous, current, flow):
    """Of census transforms, averaged over what is in the image; `[B]`."""
    height, width = current.shape[1:3]
    x = ops.arange(width, dtype="float32") + flow[..., 0]
    y = ops.arange(height, dtype="float32")[:, None] + flow[..., 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    inside = ops.cast(inside, "float32")
    warped = warp(previous, flow, border="clamp")
    change = (_census(warped) - _census(current)) ** 2
    cost = ops.mean(change / (0.1 + change), axis=-1) * inside
    count = ops.maximum(ops.sum(inside, axis=(1, 2)), 1.0)
    return ops.sum(cost, axis=(1, 2)) / count


def _census(grey):
    """`[B, H, W, 8]`: how much brighter each neighbour is, in -1..1."""
    height, width = grey.shape[1:3]
    padded = ops.pad(grey, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="symmetric")
    neighbours = [
        padded[:, row : row + height, column : column + width]
        for row in range(3)
        for column in range(3)
        if (row, column) != (1, 1)
    ]
    step = ops.concatenate(neighbours, axis=-1) - grey
    return step / ops.sqrt(_CONTRAST**2 + step**2)


def _roughness(flow, image):
    """Change of the flow between neighbours, less at edges; `[B]`."""
    total = 0.0
    for axis in (1, 2):
        size = flow.shape[axis]
        index = [ops.arange(size - 1), ops.arange(1, size)]

        def change(values, axis=axis, index=index):
            first, second = (ops.take(values, i, axis=axis) for i in index)
            return second - first

        edges = ops.mean(ops.abs(change(image)), axis=-1)
        bends = ops.mean(ops.sqrt(change(flow) ** 2 + _ROUNDING**2), axis=-1)
        total = total + ops.mean(bends * ops.exp(-_EDGE * edges), axis=(1, 2))
    return total
