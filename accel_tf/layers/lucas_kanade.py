"""One step of the search for the motion between two images."""

import keras
from keras import ops

from accel_tf.ops import warp

# Of the mean square of the gradient; keeps the flow where there is no texture.
_DAMPING = 0.01
# Beyond it the linearisation means nothing.
_GREATEST_STEP = 1.5


@keras.saving.register_keras_serializable(package="accel_tf")
class LucasKanadeStep(keras.layers.Layer):
    """Improves flow by what the images say, in windows about every pixel.

    Lucas and Kanade, "An iterative image registration technique with an
    application to stereo vision", IJCAI 1981: the previous image is warped
    along the flow so far, and the least squares of the difference that is
    left, in a square window, give the change of the flow.

    Called on `[current, previous, flow]`: float `[B, H, W, 1]`, twice, and
    `[B, H, W, 2]`, (dx, dy) in pixels. Gives float `[B, H, W, 6]`: that
    change, at most 1.5 pixels along each axis; how much texture there is,
    0..1, and its direction, two numbers of -1..1; and the difference that was
    left, relative to the mean gradient of the image.

    Args:
        window: side of the window in pixels; odd.
    """

    def __init__(self, window=5, **kwargs):
        super().__init__(**kwargs)
        self.window = window

    def call(self, inputs):
        current, previous, flow = inputs
        moved = warp(previous, flow, border="clamp")
        left = moved - current
        x, y = _gradients((moved + current) / 2)
        xx, xy, yy, xt, yt = ops.split(
            self._average(
                ops.concatenate([x * x, x * y, y * y, x * left, y * left], -1)
            ),
            5,
            axis=-1,
        )
        texture = ops.mean(xx + yy, axis=(1, 2), keepdims=True) + 1e-8
        damping = _DAMPING * texture
        xx, yy = xx + damping, yy + damping
        determinant = xx * yy - xy * xy
        change = ops.concatenate([xy * yt - yy * xt, xy * xt - xx * yt], -1)
        change = ops.clip(change / determinant, -_GREATEST_STEP, _GREATEST_STEP)
        both = xx + yy
        return ops.concatenate(
            [
                change,
                both / (both + texture),
                (xx - yy) / both,
                2 * xy / both,
                ops.abs(left) / ops.sqrt(texture),
            ],
            axis=-1,
        )

    def _average(self, values):
        return ops.average_pool(values, self.window, strides=1, padding="same")

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:3], 6)

    def get_config(self):
        return {**super().get_config(), "window": self.window}


def _gradients(image):
    """Central differences along x and y; the edge repeated outside."""
    height, width = ops.shape(image)[1:3]
    padded = ops.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="symmetric")
    inner = padded[:, 1 : height + 1]
    x = inner[:, :, 2:] - inner[:, :, :width]
    inner = padded[:, :, 1 : width + 1]
    y = inner[:, 2:] - inner[:, :height]
    return x / 2, y / 2
