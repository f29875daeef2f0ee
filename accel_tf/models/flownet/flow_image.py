"""What flow networks see of a frame."""

import keras


def flow_image(image):
    """Half-size pixels about zero.

    Args:
        image: float32 `[B, H, W, 3]`, RGB 0..255 minus the mean.

    Returns:
        float32 `[B, ceil(H / 2), ceil(W / 2), 3]`: averages of 2x2 pixels,
        over 255; at an odd edge, of the pixels that exist.
    """
    return keras.ops.average_pool(image, 2, strides=2, padding="same") / 255.0
