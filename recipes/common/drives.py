"""Drives on which learning on the go is measured, and their labels."""

import dataclasses
import pathlib

import numpy as np

from accel_tf import optional
from accel_tf.data.label_maps import CITYSCAPES, IGNORE, STREETS
from accel_tf.data.streets import street_sequence
from accel_tf.video import open_video

# The scene changes from one to the next, and comes back in the end.
_SCENES = (
    ("day", "city", 301),
    ("dusk", "city", 302),
    ("day", "country", 303),
    ("dusk", "country", 304),
    ("day", "city", 305),
)


@dataclasses.dataclass(frozen=True)
class Drive:
    """A video with what its teacher says of every frame.

    Attributes:
        name: of the drive.
        frames: uint8 `[T, H, W, 3]`, RGB.
        labels: uint8 `[T, H, W]`; `IGNORE` where the teacher abstains.
        times: float64 `[T]`, seconds on the video's clock.
        label_map: `LabelMap` of the labels.
        scenes: tuple of `(seconds, text)`, where something else begins.
    """

    name: str
    frames: np.ndarray
    labels: np.ndarray
    times: np.ndarray
    label_map: object
    scenes: tuple = ()

    @property
    def classes(self):
        """Indices of the classes that occur, int64."""
        counts = np.bincount(self.labels.ravel(), minlength=256)[:IGNORE]
        # A handful of stray pixels is no class of the drive.
        return np.flatnonzero(counts > 2e-4 * counts.sum())

    @property
    def seconds(self):
        return float(self.times[-1])


def drawn_drive(height, seconds=300.0, frame_rate=4.0):
    """A drawn drive from the city at day to the country at dusk and back.

    Args:
        height: of the frames, in pixels; they are twice as wide.
        seconds: of the whole drive.
        frame_rate: frames per second.

    Returns:
        `Drive`; its labels are exact.
    """
    length = round(seconds * frame_rate / len(_SCENES))
    frames, labels, scenes = [], [], []
    for light, place, seed in _SCENES:
        scenes.append((len(frames) / frame_rate, f"{place}, {light}"))
        for frame in street_sequence(
            seed, height, 2 * height, length, frame_rate, light, place
        ):
            frames.append(frame.image)
            labels.append(frame.labels)
    return Drive(
        "drawn",
        np.stack(frames),
        np.stack(labels),
        np.arange(len(frames)) / frame_rate,
        STREETS,
        tuple(scenes),
    )


def drawn_views(height, count, seed=7000):
    """Drawn frames of many streets by day, to learn the first weights from.

    Returns:
        `(frames, labels)`, uint8 `[count, height, 2 height, 3]` and
        `[count, height, 2 height]`.
    """
    # A second of each street: its first and its last frame.
    frames = [
        street_sequence(seed + index // 2, height, 2 * height, 16, light="day")[
            15 * (index % 2)
        ]
        for index in range(count)
    ]
    return (
        np.stack([frame.image for frame in frames]),
        np.stack([frame.labels for frame in frames]),
    )


def filmed_drive(
    video, labels, height, slowness=1.0, frame_rate=4.0, teacher=None
):
    """A real video, with label images of its frames or a teacher's labels.

    Args:
        video: its file.
        labels: folder of label images in Cityscapes' train ids, named by the
            frame's number.
        height: of the frames of the drive, in pixels; they are twice as wide,
            as the student is trained.
        slowness: how many seconds a second of the video lasts.
        frame_rate: frames per second of the slowed video that are kept.
        teacher: `Teacher` that labels the frames of the video, in their own
            size, instead of the images.

    Returns:
        `Drive`.

    Raises:
        OSError: if a file cannot be read or is missing.
    """
    cv2 = optional.cv2()
    size = (2 * height, height)
    frames, maps, times = [], [], []
    paths = sorted(pathlib.Path(labels).glob("*.png"))
    with open_video(video) as reader:
        step = max(1, round(reader.frame_rate / slowness / frame_rate))
        for index, frame in enumerate(reader):
            if index % step:
                continue
            if teacher is None:
                label = cv2.imread(str(paths[index]), cv2.IMREAD_UNCHANGED)
            else:
                label = teacher.label(frame[None], [index])[0]
            frames.append(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
            maps.append(
                cv2.resize(label, size, interpolation=cv2.INTER_NEAREST)
            )
            times.append(index / reader.frame_rate * slowness)
    return Drive(
        pathlib.Path(video).stem.partition("_")[0],
        np.stack(frames),
        np.stack(maps),
        np.array(times),
        CITYSCAPES,
    )


def labelled_stills(frames, labels, height):
    """Frames of a folder and the label images of the same names.

    Returns:
        `(frames, labels)` as of `drawn_views`.

    Raises:
        OSError: if there are none, or one is missing or unreadable.
    """
    cv2 = optional.cv2()
    size = (2 * height, height)
    images, maps = [], []
    for path in sorted(pathlib.Path(frames).glob("*.[jp][pn]g")):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        label_path = pathlib.Path(labels) / f"{path.stem}.png"
        label = cv2.imread(str(label_path), cv2.IMREAD_UNCHANGED)
        if image is None or label is None:
            raise FileNotFoundError(f"{path} or {label_path} cannot be read")
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        images.append(image[..., ::-1])
        maps.append(cv2.resize(label, size, interpolation=cv2.INTER_NEAREST))
    if not images:
        raise FileNotFoundError(f"no frames (.jpg or .png) in {frames}")
    return np.stack(images), np.stack(maps)
