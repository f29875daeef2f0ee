"""Reading the files of one clip as an example of `sequence_features`."""

import dataclasses

from etils import epath

from accel_tf.datasets import image_files

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


def read_clip(clip, read_classes, bits=None):
    """Reads and checks all images of a clip.

    Args:
        clip: `ClipFiles`.
        read_classes: function from the path of a label image to the class
            indices, uint8 [height, width].
        bits: of frames of 16 bits a value, from `image_files.common_bits`;
            by default those of the frames of this clip.

    Returns:
        An example for the features of `sequence_features`. The frames are
        the bytes of their files as far as `image_files.read_frame` keeps
        them.

    Raises:
        ValueError: An image does not decode or has another size than the
            first frame, a label image does not hold what it should, or the
            clip is too large for one example.
    """
    if bits is None:
        bits = image_files.common_bits(clip.frames)
    first, total, frames, labels = None, 0, [], []
    for position, path in enumerate(clip.frames):
        frame = image_files.read_frame(path, bits)
        size = frame.height, frame.width
        if first is None:
            first = size
        image_files.check_same_size(path, size, clip.frames[0], first)
        if position in clip.labels:
            label_path = clip.labels[position]
            label = read_classes(label_path)
            image_files.check_same_size(label_path, label.shape, path, size)
            labels.append(label[..., None])
        frames.append(frame.data)
        total += len(frame.data)
        if total > LARGEST_CLIP:
            raise ValueError(
                f"the frames of {clip.sequence_id} take more than "
                f"{LARGEST_CLIP / 1e9:.1f} GB, the most that one example can "
                f"hold; split the clip or set a window"
            )
    return {
        "frames": frames,
        "labels": labels,
        "label_positions": sorted(clip.labels),
        "frame_numbers": list(clip.numbers),
        "sequence_id": clip.sequence_id,
    }
