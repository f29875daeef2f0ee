"""Convolution over time and pixels, in all of its equal forms."""

import keras
import numpy as np
import pytest
from backend import gradients, to_numpy
from keras import ops

from accel_tf.layers.clip_time import (
    LiveStream,
    PastOfClip,
    WholeClip,
    in_time,
)
from accel_tf.layers.depthwise_conv3d import DepthwiseConv3D
from accel_tf.layers.inference_depthwise_conv3d import (
    InferenceDepthwiseConv3D,
)

CHANNELS = 3
KERNELS = [
    ((5, 1, 1), 1),
    ((3, 1, 1), 1),
    ((3, 3, 3), 1),
    ((3, 3, 3), 2),
    ((1, 3, 3), 2),
    ((3, 1, 1), 2),
]
TIMES = {
    "whole": lambda frames: WholeClip(frames),
    "past": lambda frames: PastOfClip(frames, 2),
}


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def reference(x, kernel, bias, strides, before):
    """By the definition, of `[B, T, h, w, C]` with zeros around."""
    taps, rows, columns, _ = kernel.shape
    sides = [(side // 2,) * 2 for side in (rows, columns)]
    padded = np.pad(x, [(0, 0), (before, taps - 1 - before), *sides, (0, 0)])
    length, height, width = x.shape[1:4]
    total = bias + np.zeros_like(x)
    for t, i, j in np.ndindex(taps, rows, columns):
        piece = padded[:, t : t + length, i : i + height, j : j + width]
        total = total + piece * kernel[t, i, j]
    return total[:, :, ::strides, ::strides]


def make(kind, kernel_size, strides):
    layer = kind(kernel_size, strides, use_bias=True)
    layer.build((None, None, None, CHANNELS))
    layer.set_weights([random(*kernel_size, CHANNELS), random(CHANNELS)])
    return layer


def taps_before(time, kernel_size):
    return kernel_size[0] - 1 if time == "past" else kernel_size[0] // 2


@pytest.mark.parametrize(
    "kernel_size, strides, time",
    [
        *((*kernel, "whole") for kernel in KERNELS),
        ((5, 1, 1), 1, "past"),
        ((3, 3, 3), 2, "past"),
    ],
)
def test_equals_the_definition(kernel_size, strides, time):
    layer = make(DepthwiseConv3D, kernel_size, strides)
    final = make(InferenceDepthwiseConv3D, kernel_size, strides)
    kernel, bias = layer.get_weights()
    before = taps_before(time, kernel_size)
    # One frame, too, which is fewer than the taps beside it.
    for shape in ((2, 4, 4, 6), (1, 4, 5, 3), (2, 1, 5, 4)):
        x = random(*shape, CHANNELS)
        expected = reference(x, kernel, bias, strides, before)
        frames = x.reshape(-1, *x.shape[2:])

        def convolve(frames, layer=layer, length=shape[1]):
            with in_time(TIMES[time](length)):
                return layer(frames)

        outputs = [convolve(frames), convolve(frames, final)]
        if shape[0] == 2:
            outputs += _in_programs(
                lambda x, convolve=convolve: convolve(x, final), frames
            )
        for output in outputs:
            np.testing.assert_allclose(
                to_numpy(output).reshape(expected.shape), expected, atol=1e-5
            )


def _in_programs(function, x):
    """Its results in programs for a known size and for any."""
    if keras.backend.backend() != "tensorflow":
        return []
    import tensorflow as tf

    shapes = (x.shape, (None, None, None, CHANNELS))
    return [
        tf.function(function, [tf.TensorSpec(shape, "float32")])(x)
        for shape in shapes
    ]


@pytest.mark.parametrize("kernel_size, strides", KERNELS)
def test_gradients(kernel_size, strides):
    layer = make(DepthwiseConv3D, kernel_size, strides)
    x = random(2, 4, 4, 5, CHANNELS)
    kernel = layer.get_weights()[0]
    before = taps_before("whole", kernel_size)
    factors = random(
        2, 4, *reference(x, kernel, 0.0, strides, before).shape[2:], seed=3
    )

    def loss(frames, kernel):
        with in_time(WholeClip(4)):
            y = layer._convolve(frames, kernel)
        weights = ops.convert_to_tensor(factors.reshape(y.shape))
        return ops.sum(y * weights)

    of_x, of_kernel = gradients(loss, x.reshape(-1, *x.shape[2:]), kernel)
    # It is linear in both: so much changes the loss along a direction.
    along = random(*x.shape, seed=4)
    changed = reference(along, kernel, 0.0, strides, before)
    np.testing.assert_allclose(
        np.sum(of_x.reshape(x.shape) * along),
        np.sum(changed * factors),
        rtol=1e-4,
    )
    along = random(*kernel.shape, seed=5)
    changed = reference(x, along, 0.0, strides, before)
    np.testing.assert_allclose(
        np.sum(of_kernel * along), np.sum(changed * factors), rtol=1e-4
    )


@pytest.mark.parametrize("kernel_size", [(3, 1, 1), (3, 3, 3)])
def test_a_stream_equals_the_past_of_a_clip(kernel_size):
    x = random(2, 5, 4, 4, CHANNELS)
    for kind in (DepthwiseConv3D, InferenceDepthwiseConv3D):
        layer = make(kind, kernel_size, 1)
        kernel, bias = layer.get_weights()
        expected = reference(x, kernel, bias, 1, 2)
        state = {}
        for index in range(5):
            with in_time(LiveStream(state, 2)) as time:
                y = layer(ops.convert_to_tensor(x[:, index]))
            state = time.state
            np.testing.assert_allclose(
                to_numpy(y), expected[:, index], atol=1e-5
            )
