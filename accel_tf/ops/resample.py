"""From the grid of one stride to that of another."""

from keras import ops

from accel_tf.ops.resize import interpolate


def resample(images, stride, new_stride, size):
    """Values on the pixel grid of another stride.

    A pixel of stride `s` stands for the middle of `s` times `s` pixels of
    the frame, the first one in its top left corner. Where pixels become
    fewer by a whole number, they are averaged, else interpolated; beyond the
    edge the nearest ones are repeated.

    Args:
        images: float tensor `[B, h, w, C]`.
        stride: of `images`, in pixels of the frame.
        new_stride: of the result.
        size: `(height, width)` of the result.

    Returns:
        Tensor `[B, height, width, C]` in the dtype of `images`.
    """
    if new_stride > stride and new_stride % stride == 0:
        step = new_stride // stride
        images = ops.average_pool(images, step, strides=step, padding="same")
        stride = new_stride
    is_known = all(isinstance(side, int) for side in size)
    if stride == new_stride and is_known:
        if tuple(images.shape[1:3]) == tuple(size):
            return images
    positions = []
    for new, old in zip(size, ops.shape(images)[1:3], strict=True):
        pixels = ops.cast(ops.arange(new), "float32")
        position = (pixels + 0.5) * (new_stride / stride) - 0.5
        last = ops.cast(old - 1, "float32")
        positions.append(ops.clip(position, 0.0, last))
    return interpolate(images, *positions)


def resample_flow(flow, stride, new_stride, size):
    """The same motion on the pixel grid of another stride.

    Args:
        flow: float tensor `[B, h, w, 2]` in pixels of `stride`.
        stride, new_stride, size: as for `resample`.

    Returns:
        Tensor `[B, height, width, 2]` in pixels of `new_stride`.
    """
    flow = resample(flow, stride, new_stride, size)
    return flow * (stride / new_stride)
