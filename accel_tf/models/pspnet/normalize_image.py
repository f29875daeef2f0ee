"""The normalisation of the published PSPNet and TDNet networks."""

from keras import ops

# ImageNet's mean and standard deviation, R, G, B, in units of 0..1.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def normalize_image(frame):
    """RGB frames 0..255 of any dtype `[..., 3]` to float32 around zero."""
    mean, deviation = (
        255.0 * ops.convert_to_tensor(values, "float32")
        for values in (MEAN, DEVIATION)
    )
    return (ops.cast(frame, "float32") - mean) / deviation
