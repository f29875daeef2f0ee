"""Reading the files of one clip as an example of `sequence_features`."""

import dataclasses

from etils import epath

from accel_tf.datasets import image_files
from accel_tf.datasets.fault_option import raise_or_note

# TFDS writes an example as one protocol buffer message, of less than 2 GiB;
# label maps and bookkeeping need little of it.
LARGEST_CLIP = 2**31 - 2**26
"""Bytes that the frames of one example may take."""


@dataclasses.dataclass(frozen=True)
class ClipFiles:
    """The files of one example.

    Attributes:
        sequence_id: identifies the clip within the data set.
        frames: paths of the images, oldest first.
        numbers: number of each frame.
        labels: label image of each labelled frame, by the frame's index in
            `frames`.
    """

    sequence_id: str
    frames: tuple[epath.Path, ...]
    numbers: tuple[int, ...]
    labels: dict[int, epath.Path]


def read_clip(clip, read_classes, bits=None, faults=None):
    """Reads and checks all images of a clip.

    Args:
        clip: `ClipFiles`.
        read_classes: function from the path of a label image, and `faults`,
            to the class indices, uint8 [height, width].
        bits: of frames of 16 bits a value, from `image_files.common_bits`;
            by default those of the frames of this clip.
        faults: list that gets a text for each fault that is skipped: a clip
            with a broken frame, or a broken label image; without it, these
            are errors.

    Returns:
        An example for the features of `sequence_features`, or None for a
        clip that is skipped. The frames are the bytes of their files as far
        as `image_files.read_frame` keeps them.

    Raises:
        ValueError: An image does not decode or has another size than the
            first frame, a label image does not hold what it should, or the
            clip is too large for one example.
    """
    try:
        frames = _read_frames(clip, bits)
    except ValueError as error:
        raise_or_note(error, faults)
        return None
    size = frames[0].height, frames[0].width
    labels = {}
    for position, path in sorted(clip.labels.items()):
        try:
            label = read_classes(path, faults)
            image_files.check_same_size(
                path, label.shape, clip.frames[position], size
            )
        except ValueError as error:
            raise_or_note(error, faults)
            continue
        labels[position] = label[..., None]
    return {
        "frames": [frame.data for frame in frames],
        "labels": list(labels.values()),
        "label_positions": list(labels),
        "frame_numbers": list(clip.numbers),
        "sequence_id": clip.sequence_id,
    }


def _read_frames(clip, bits):
    if bits is None:
        bits = image_files.common_bits(clip.frames)
    total, frames = 0, []
    for path in clip.frames:
        frame = image_files.read_frame(path, bits)
        frames.append(frame)
        image_files.check_same_size(
            path,
            (frame.height, frame.width),
            clip.frames[0],
            (frames[0].height, frames[0].width),
        )
        total += len(frame.data)
        if total > LARGEST_CLIP:
            raise ValueError(
                f"the frames of {clip.sequence_id} take more than "
                f"{LARGEST_CLIP / 1e9:.1f} GB, the most that one example can "
                f"hold; split the clip or set a window"
            )
    return frames
