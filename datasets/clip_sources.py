"""Reading a video file or a folder of frames as a `clip_features` example."""

import dataclasses
import os

import tensorflow as tf
from etils import epath

from accel_tf import optional
from accel_tf.data.clip_sampling import short_side_size
from accel_tf.datasets import image_files
from accel_tf.datasets.clip_files import LARGEST_CLIP
from accel_tf.files import natural_order
from accel_tf.messages import note
from accel_tf.video import open_video

VIDEO_ENDINGS = (
    *(".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"),
    *(".wmv", ".flv", ".3gp", ".ts", ".gif"),
)
_JPEG_QUALITY = 95


@dataclasses.dataclass(frozen=True)
class ClipSource:
    """Where one example comes from.

    Attributes:
        clip_id: identifies it within its split.
        label: index of its class.
        path: of a video file, or of a folder of frames.
    """

    clip_id: str
    label: int
    path: epath.Path


def read_source(source, side=None, frame_rate=30.0):
    """Reads all of a video, to be sure that each frame decodes.

    Args:
        source: `ClipSource`.
        side: frames whose short side is longer are brought to it, and a
            video becomes JPEG images of its frames, which training reads
            many times as fast; `None` keeps the bytes of all files.
        frame_rate: of folders of frames, which do not state it.

    Returns:
        An example for the features of `clip_features`.

    Raises:
        ValueError: A frame does not decode or has another size than the
            first, the video ends early, or it is too large for an example.
        OSError: There is no such file or folder, or it cannot be read.
        ImportError: PyAV or OpenCV is missing, which read videos and make
            frames smaller.
    """
    example = {
        "frames": [],
        "video": b"",
        "label": source.label,
        "clip_id": source.clip_id,
    }
    if source.path.is_dir():
        frames = _read_frames(source.path, side)
        found = {"frames": frames, "frame_rate": frame_rate}
        return example | found | {"frame_count": len(frames)}
    if not source.path.exists():
        raise FileNotFoundError(f"there is no {source.path}")
    return example | _read_video(source.path, side)


def _read_frames(folder, side):
    """Encoded images of a folder of frames, all of one size."""
    paths = sorted(image_files.image_files(folder).values(), key=natural_order)
    if not paths:
        raise FileNotFoundError(
            f"{folder} has no frames: it must hold .jpg or .png files"
        )
    bits = image_files.common_bits(paths)
    encoded, size = _Encoded(folder, side), None
    for path in paths:
        frame = image_files.read_frame(path, bits)
        size = size or (frame.height, frame.width)
        image_files.check_same_size(
            path, (frame.height, frame.width), paths[0], size
        )
        encoded.add_file(frame)
    return encoded.frames


def _read_video(path, side):
    encoded, count = _Encoded(path, side), 0
    with open_video(os.fspath(path), strict=True, on_note=note) as video:
        for image in video:
            count += 1
            if side is not None:
                encoded.add_image(image)
    found = {"frame_rate": video.frame_rate, "frame_count": count}
    if side is not None:
        return found | {"frames": encoded.frames}
    encoded.count(path.stat().length)
    return found | {"video": path.read_bytes()}


class _Encoded:
    """Frames that are collected until they are too many bytes."""

    def __init__(self, path, side):
        self._path, self._side, self._total = path, side, 0
        self.frames = []

    def add_file(self, frame):
        """Adds an `image_files.Frame`, as it is if it is small enough."""
        side = self._side
        if side is None or min(frame.height, frame.width) <= side:
            self._add(frame.data)
            return
        with tf.init_scope():
            image = tf.io.decode_image(
                frame.data, channels=3, expand_animations=False
            )
            self.add_image(image.numpy())

    def add_image(self, image):
        """Adds uint8 RGB [H, W, 3] as JPEG."""
        self._add(_as_jpeg(image, self._side))

    def count(self, num_bytes):
        self._total += num_bytes
        if self._total > LARGEST_CLIP:
            raise ValueError(
                f"{self._path} takes more than {LARGEST_CLIP / 1e9:.1f} GB, "
                "the most that one example can hold; cut it into parts"
            )

    def _add(self, data):
        self.count(len(data))
        self.frames.append(data)


def _as_jpeg(image, side):
    if min(image.shape[:2]) > side:
        height, width = short_side_size(image.shape[:2], side)
        cv2 = optional.cv2()
        # Smoothed, as no detail may flicker.
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    # TFDS may run inside a graph; the bytes are needed here and now.
    with tf.init_scope():
        return tf.io.encode_jpeg(image, quality=_JPEG_QUALITY).numpy()


def fast_png(image):
    """PNG file content; TFDS itself would take twice as long for 10 % less."""
    with tf.init_scope():
        return tf.io.encode_png(image, compression=1).numpy()
