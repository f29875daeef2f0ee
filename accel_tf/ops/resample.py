"""From the grid of one stride to that of another."""

import keras
from keras import ops

from accel_tf.ops.kernels import program_kind
from accel_tf.ops.places import as_float
from accel_tf.ops.resize import frame_places, interpolate


def resample(images, stride, new_stride, size, frame_size=None):
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
        frame_size: see `frame_places`, in pixels of `new_stride`.

    Returns:
        Tensor `[B, height, width, C]` in the dtype of `images`.
    """
    if frame_size is not None:
        return _interpolated(images, stride, new_stride, size, frame_size)
    if new_stride > stride and new_stride % stride == 0:
        step = new_stride // stride
        images = ops.average_pool(images, step, strides=step, padding="same")
        stride = new_stride
    elif (
        stride > new_stride and stride % new_stride == 0 and _has_kernel(images)
    ):
        images = _enlarged(images, stride // new_stride)
        stride = new_stride
    if stride == new_stride:
        return _cut_or_repeated(images, size)
    return _interpolated(images, stride, new_stride, size)


def _interpolated(images, stride, new_stride, size, frame_size=None):
    scale = new_stride / stride
    places = [
        place.mapped(lambda at: (at + 0.5) * scale - 0.5).within(
            as_float(old - 1)
        )
        for place, old in zip(
            frame_places(size, frame_size),
            ops.shape(images)[1:3],
            strict=True,
        )
    ]
    return interpolate(images, *places)


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


def _has_kernel(images):
    """Whether TensorFlow's own kernel can be a part of the program."""
    return (
        not isinstance(images, keras.KerasTensor)
        and program_kind() in ("any", "tensorflow")
        and keras.backend.standardize_dtype(images.dtype) == "float32"
    )


def _enlarged(images, factor):
    """Bilinear between the middles of pixels, several times as fast."""
    import tensorflow as tf

    height, width = ops.shape(images)[1:3]
    return tf.raw_ops.ResizeBilinear(
        images=images,
        size=tf.stack([height * factor, width * factor]),
        half_pixel_centers=True,
    )


def _cut_or_repeated(images, size):
    """The same pixels, less or more of them at the bottom and right."""
    for axis, new in enumerate(size, start=1):
        old = ops.shape(images)[axis]
        if isinstance(old, int) and isinstance(new, int):
            if new != old:
                images = _taken(images, axis, new, old)
            continue
        images = ops.cond(
            ops.equal(new, old),
            lambda images=images: images,
            lambda images=images, axis=axis, new=new, old=old: _taken(
                images, axis, new, old
            ),
        )
    return images


def _taken(images, axis, new, old):
    index = ops.minimum(ops.arange(new), old - 1)
    return ops.take(images, index, axis=axis)
