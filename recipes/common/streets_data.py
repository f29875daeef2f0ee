"""Builds the data sets of `train_streets`.

`REAL`, the folder of real frames, holds

    camvid/{train,val}/*.jpg            CamVid, 11 classes: frames,
    camvid/{train,val}annot/*.png       and their labels (SegNet's layout)
    NAME_*.mp4                          videos, and labels of their frames:
    teacher_labels/NAME/000000.png      Cityscapes train ids, 255: unsure
    teacher_labels/camvid_{train,val}/*.png     the same for CamVid's frames
"""

import pathlib
import shutil

import cv2

from accel_tf.data.build_data import build_data
from accel_tf.data.label_maps import CITYSCAPES
from accel_tf.files import write_text
from accel_tf.recipes.common.streets_labels import (
    RULES,
    VideoRules,
    clean_video,
    merge_camvid,
)

REAL = "video_folder/streets"
DRAWN = "synthetic_streets/streets_256x512"
MOVING = "synthetic_streets/flow_256x512"
WIDTH = 640
WINDOW = 5


def build_streets(real, data_dir, leave_out=()):
    """Builds both data sets, unless they are there.

    Args:
        real: folder of real frames, see above.
        data_dir: folder of the data sets.
        leave_out: names of videos, or "camvid", that are not trained on.

    Returns:
        A text about what there is.
    """
    real, data_dir = pathlib.Path(real), pathlib.Path(data_dir)
    folder = data_dir / "frames_and_labels"
    if not (folder / "classes.txt").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _write(real, folder, leave_out)
    settings = [f"name={REAL.partition('/')[2]}", f"window={WINDOW}"]
    texts = [build_data("video_folder", data_dir, folder, settings=settings)]
    texts.append(_draw(DRAWN, data_dir, 120, with_flow="false"))
    return "\n".join(texts)


def build_moving(data_dir):
    """Builds the drawn streets with their true flow, as `build_streets`."""
    return _draw(MOVING, data_dir, 60, with_flow="true")


def _draw(name, data_dir, sequences, with_flow):
    settings = [
        f"name={name.partition('/')[2]}",
        "height=256",
        "width=512",
        f"train_sequences={sequences}",
        "train_length=5",
        f"validation_sequences={sequences // 15}",
        "validation_length=5",
        f"with_flow={with_flow}",
    ]
    return build_data("synthetic_streets", data_dir, settings=settings)


def _write(real, folder, leave_out):
    if "camvid" not in leave_out:
        _write_stills(real, folder, "train", "train", every=1)
    _write_stills(real, folder, "val", "validation", every=5)
    for labels in sorted((real / "teacher_labels").iterdir()):
        if not labels.name.startswith("camvid"):
            _write_video(real, folder, labels, labels.name in leave_out)
    classes = zip(CITYSCAPES.names, CITYSCAPES.colors, strict=True)
    lines = [f"{name} {r} {g} {b}" for name, (r, g, b) in classes]
    # Last, for it says that everything is there.
    write_text(folder / "classes.txt", "\n".join(lines) + "\n")


def _write_stills(real, folder, source, split, every):
    for path in sorted((real / "camvid" / source).glob("*.jpg"))[::every]:
        name = f"{path.stem}.png"
        truth = read_labels(real / "camvid" / f"{source}annot" / name)
        network = read_labels(
            real / "teacher_labels" / f"camvid_{source}" / name
        )
        clip = _clip_folder(folder, split, f"camvid_{path.stem}")
        shutil.copy(path, clip / "frames" / f"{path.stem}.jpg")
        _save(clip / "labels" / name, merge_camvid(truth, network))


def _write_video(real, folder, labels, left_out):
    """Frames of the video, the last ones and their labels for validation."""
    rules = RULES.get(labels.name, VideoRules())
    frames = list(read_video(real, labels.name))
    parts = {"train": frames, "validation": []}
    if rules.held_out:
        parts["train"] = frames[: -rules.held_out]
        parts["validation"] = frames[-rules.held_out :]
    first = 0
    for split, part in parts.items():
        spacing = rules.every if split == "train" else 20
        if part and not (left_out and split == "train"):
            clip = _clip_folder(folder, split, labels.name)
            for index, frame in enumerate(part, first):
                height = round(frame.shape[0] * WIDTH / frame.shape[1])
                size = (WIDTH, height)
                small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
                _save(clip / "frames" / f"{index:06d}.jpg", small)
                name = f"{index:06d}.png"
                if (index - first) % spacing == spacing - 1:
                    label = clean_video(read_labels(labels / name), rules)
                    label = cv2.resize(
                        label, size, interpolation=cv2.INTER_NEAREST
                    )
                    _save(clip / "labels" / name, label)
        first += len(part)


def read_video(real, name):
    """Yields the frames of a video as BGR uint8 `[H, W, 3]`.

    Raises:
        FileNotFoundError: if there is no such video.
    """
    found = sorted(pathlib.Path(real).glob(f"{name}_*.mp4"))
    if not found:
        raise FileNotFoundError(f"there is no {real}/{name}_*.mp4")
    video = cv2.VideoCapture(str(found[0]))
    while True:
        there, frame = video.read()
        if not there:
            return
        yield frame


def read_labels(path):
    """A label image as uint8 `[H, W]`.

    Raises:
        FileNotFoundError: if there is none, or it cannot be read.
    """
    labels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if labels is None:
        raise FileNotFoundError(f"there is no label image {path}")
    return labels


def _clip_folder(folder, split, name):
    clip = folder / split / name
    for part in ("frames", "labels"):
        (clip / part).mkdir(parents=True)
    return clip


def _save(path, image):
    quality = [cv2.IMWRITE_JPEG_QUALITY, 93] if path.suffix == ".jpg" else []
    if not cv2.imwrite(str(path), image, quality):
        raise OSError(f"{path} cannot be written")
