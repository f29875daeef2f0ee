"""Clips and classes as they travel between client and server."""

import dataclasses
import os

from accel_tf.serving.client_images import encode_frame, to_json

_GIF_STARTS = (b"GIF87a", b"GIF89a")


@dataclasses.dataclass(frozen=True)
class Classification:
    """A class that a clip may be of.

    Attributes:
        name: of the class.
        index: its number.
        probability: from 0 to 1.
    """

    name: str
    index: int
    probability: float


def is_gif(clip):
    """Whether a clip is the content of a GIF file, which servers decode."""
    return isinstance(clip, bytes) and clip.startswith(_GIF_STARTS)


def is_video(clip):
    """Whether a clip is named by its path."""
    return isinstance(clip, str | os.PathLike)


def clip_inputs(clip, image_format):
    """What the server gets for a clip.

    Args:
        clip: content of a GIF file, or iterable of frames as for
            `encode_frame`.
        image_format: as for `encode_frame`.

    Returns:
        `(signature, inputs)`: its name, and a dict.

    Raises:
        ValueError: if the clip is neither.
        ImportError: if OpenCV is not installed.
    """
    if is_gif(clip):
        return "classify_gif", {"gif_bytes": [to_json(clip)]}
    if isinstance(clip, bytes):
        raise ValueError(
            "a clip in bytes must be a GIF file; give the path of another "
            "video, which is decoded here."
        )
    images = [to_json(encode_frame(each, image_format)) for each in clip]
    if not images:
        raise ValueError("a clip needs a frame or more.")
    return "classify", {"image_bytes": [images]}


def classes_of(outputs):
    """The `Classification` list of the one clip of an answer."""
    names = "class_names", "class_indices", "probabilities"
    columns = [outputs[name][0] for name in names]
    return [
        Classification(str(name), int(index), float(probability))
        for name, index, probability in zip(*columns, strict=True)
    ]
