"""How frames of any size come to the sizes that DeepLab was trained on.

Those are `n * stride + 1`, so that the corners of the scores lie on corners
of the image; a frame gets a row and a column more.
"""

from keras import ops

from accel_tf.ops.places import as_float
from accel_tf.ops.resize import frame_places, interpolate, resize_bilinear

ALIGNMENTS = ("ams", "deeplab", "ams_teacher")


def check_alignment(name):
    """Raises `ValueError` if there is no such alignment."""
    if name not in ALIGNMENTS:
        raise ValueError(
            f"alignment must be one of {', '.join(ALIGNMENTS)}, not {name!r}."
        )


def enlarge(image, alignment):
    """An image with a row and a column more.

    Args:
        image: `[B, H, W, 3]`, -1 to 1.
        alignment: see `DeepLabV3`.

    Returns:
        tensor `[B, H + 1, W + 1, 3]`.
    """
    # Not padded, because OpenVINO drops a padding before a convolution that
    # places zeros as "SAME" does.
    if alignment == "ams_teacher":
        image = ops.concatenate([image[:, :1], image], axis=1)
        return ops.concatenate([image[:, :, :1], image], axis=2)
    # Grey: 127.5 of 255.
    image = ops.concatenate([image, ops.zeros_like(image[:, :1])], axis=1)
    return ops.concatenate([image, ops.zeros_like(image[:, :, :1])], axis=2)


def resize_scores(scores, alignment, size, frame_size=None):
    """Scores of an enlarged image at the places of the frame's pixels.

    Args:
        scores: `[B, h, w, classes]`, the corners of the map on corners.
        alignment: see `DeepLabV3`.
        size: `(height, width)` of the result.
        frame_size: see `accel_tf.ops.resize.frame_places`.

    Returns:
        tensor `[B, height, width, classes]`.
    """
    if alignment == "ams":
        # The corners of the map are taken for those of the frame.
        return resize_bilinear(scores, size, True, frame_size)
    # The enlarged image has its row and column more before the frame, or
    # after it.
    before = 1.0 if alignment == "ams_teacher" else 0.0
    places = []
    for place, side, count in zip(
        frame_places(size, frame_size),
        size if frame_size is None else frame_size,
        ops.shape(scores)[1:3],
        strict=True,
    ):
        last = as_float(count - 1)
        scale = last / as_float(side)
        place = place.mapped(lambda at, scale=scale: (at + before) * scale)
        places.append(place.within(last))
    return interpolate(scores, *places)
