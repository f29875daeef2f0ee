"""How the published networks see an image."""

from keras import ops

# ImageNet's mean, R, G, B, in units of 0..255 (`PIXEL_MEANS` in the official
# configuration files, there in the order B, G, R).
PIXEL_MEAN = (123.15, 115.90, 103.06)
# ImageNet's mean and standard deviation, R, G, B, in units of 0..1.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def subtract_mean(frame):
    """RGB frames 0..255 of any dtype `[..., 3]` to float32 minus the mean.

    The normalisation of the published DeepLab and Accel networks.
    """
    shape = ops.shape(frame)
    # By rows: TensorFlow takes three times as long for three at a time.
    rows = ops.reshape(ops.cast(frame, "float32"), (*shape[:-2], -1))
    mean = ops.convert_to_tensor(PIXEL_MEAN, "float32")
    return ops.reshape(rows - ops.tile(mean, shape[-2:-1]), shape)


def normalize_image(frame):
    """RGB frames 0..255 of any dtype `[..., 3]` to float32 around zero.

    The normalisation of the published PSPNet, TDNet and PIDNet networks.
    """
    mean, deviation = (
        255.0 * ops.convert_to_tensor(values, "float32")
        for values in (MEAN, DEVIATION)
    )
    return (ops.cast(frame, "float32") - mean) / deviation


def scale_symmetrically(frame):
    """RGB frames 0..255 of any dtype `[..., 3]` to float32, -1 to 1.

    The normalisation of the published MobileNetV2 and Xception networks.
    """
    return ops.cast(frame, "float32") * (2.0 / 255.0) - 1.0
