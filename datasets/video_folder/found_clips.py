"""Frames, videos and label images in a folder as people lay them out."""

import dataclasses
import pathlib
import re

from accel_tf.datasets.video_folder.clip_folders import VIDEO_ENDINGS

FRAME_FOLDERS = (
    "frames",
    "images",
    "image",
    "imgs",
    "img",
    "rgb",
    "jpegimages",
)
LABEL_FOLDERS = (
    *("labels", "masks", "label", "mask", "annotations", "annotation"),
    *("annot", "gt", "groundtruth", "ground_truth", "segmentationclass"),
)
SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test", "testing"),
}
"""Split -> what folders of it are called."""
LAYOUTS = (
    "images/NAME.jpg and masks/NAME.png; CLIP/frames and CLIP/labels; or "
    "CLIP.mp4 and CLIP_labels/NUMBER.png; each in train/ and validation/, or "
    "without"
)
_FRAME_ENDINGS = (
    *(".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"),
)
# What follows the common part of the names of frames and labels.
_FRAME_MARKS = ("_leftimg8bit", "_image", "_img", "_frame", "_rgb")
_LABEL_MARKS = (
    *("_gtfine_labeltrainids", "_gtfine_labelids", "_labelids", "_labels"),
    *("_label", "_masks", "_mask", "_gt", "_seg", "_segmentation", "_l"),
)


@dataclasses.dataclass(frozen=True)
class FoundClip:
    """Frames that belong together, and what labels there are.

    Attributes:
        name: of the clip, unique among those of a folder.
        split: "train", "validation", "test", or `None` if nothing says it.
        frames: paths of the images by the stem of their names; of a video
            its path alone.
        labels: paths of label images: by the stem of their frame, or, of a
            video, by the number in their name.
        is_clip: whether the layout says that these are frames of a video.
    """

    name: str
    split: str | None
    frames: dict[str, pathlib.Path] | pathlib.Path
    labels: dict[str, pathlib.Path] | dict[int, pathlib.Path]
    is_clip: bool

    @property
    def is_video(self):
        """Whether the frames have to be read from a video."""
        return isinstance(self.frames, pathlib.Path)


def find_clips(folder):
    """The clips in a folder, at any depth.

    Args:
        folder: `pathlib.Path`; `LAYOUTS` says how it may be laid out.

    Returns:
        A list of `FoundClip`, by name.

    Raises:
        FileNotFoundError: There is no such folder, or nothing in it.
        ValueError: Label images belong to no frame, or are no PNG.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no such folder: {folder}")
    clips = list(_clips(folder, ()))
    if not clips:
        raise FileNotFoundError(
            f"{folder} holds no frames with labels; the layout is {LAYOUTS}"
        )
    return sorted(clips, key=lambda clip: clip.name)


def video_clip(path, label_folder):
    """The clip of a video and a folder of label images.

    Args:
        path: `pathlib.Path` of the video.
        label_folder: of images called like the number of their frame.

    Raises:
        FileNotFoundError: There is no such video or folder, or it is empty.
        ValueError: A name holds no number, or an image is no PNG.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no video {path}")
    files = _label_files(label_folder)
    labels = {}
    for stem, label in files.items():
        numbers = re.findall(r"\d+", stem)
        if not numbers:
            raise ValueError(
                f"{label} must have the number of its frame in its name, "
                f"such as {path.stem}_000120.png"
            )
        if int(numbers[-1]) in labels:
            raise ValueError(
                f"{label} and {labels[int(numbers[-1])].name} are both for "
                f"frame {int(numbers[-1])} of {path}"
            )
        labels[int(numbers[-1])] = label
    return FoundClip(path.stem, _split((path.stem,)), path, labels, True)


def _clips(folder, parts):
    folders = {path.name.lower(): path for path in _folders(folder)}
    frames = next((folders[x] for x in FRAME_FOLDERS if x in folders), None)
    labels = next((folders[x] for x in LABEL_FOLDERS if x in folders), None)
    if frames is not None:
        # frames/ and labels/ are the library's own layout of a clip.
        is_clip = frames.name == "frames"
        yield from _paired(frames, labels, parts, is_clip)
        return
    videos = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in VIDEO_ENDINGS and path.is_file()
    ]
    used = set()
    for video in videos:
        own = _labels_of_video(video, labels, folders, len(videos) == 1)
        if own is not None:
            used |= {own, labels}
            clip = video_clip(video, own)
            parts_of = (*parts, video.stem)
            yield dataclasses.replace(
                clip, name="_".join(parts_of), split=_split(parts_of)
            )
    for path in _folders(folder):
        if path not in used:
            yield from _clips(path, (*parts, path.name))


def _labels_of_video(video, labels, folders, is_only_one):
    stem = video.stem.lower()
    for name in (stem, *(f"{stem}_{x}" for x in LABEL_FOLDERS)):
        if name in folders:
            return folders[name]
    if labels is None:
        return None
    if (labels / video.stem).is_dir():
        return labels / video.stem
    return labels if is_only_one else None


def _paired(frames, labels, parts, is_clip):
    """The clip of two folders, or those of the folders in them."""
    files = _files(frames, _FRAME_ENDINGS)
    if files:
        known = {} if labels is None else _match(frames, files, labels)
        name = "_".join(parts) or frames.name
        yield FoundClip(name, _split(parts), files, known, is_clip)
    for folder in _folders(frames):
        inside = labels / folder.name if labels is not None else None
        if inside is not None and not inside.is_dir():
            inside = None
        yield from _paired(folder, inside, (*parts, folder.name), is_clip)


def _match(frames, files, labels):
    """Label images by the stem of their frame."""
    stems = {_common(stem, _FRAME_MARKS): stem for stem in files}
    found, strange = {}, []
    for stem, path in _label_files(labels).items():
        for key in (stem, _common(stem, _LABEL_MARKS)):
            frame = key if key in files else stems.get(key.lower())
            if frame is not None:
                found[frame] = path
                break
        else:
            strange.append(path)
    if strange and not found:
        raise ValueError(
            f"no label image in {labels} is called like an image in {frames}: "
            f"there are {strange[0].name} and {next(iter(files.values())).name}"
        )
    if strange:
        raise ValueError(
            f"{strange[0]} has no image of its name in {frames}; remove it"
        )
    return found


def _common(stem, marks):
    stem = stem.lower()
    return next(
        (stem[: -len(mark)] for mark in marks if stem.endswith(mark)), stem
    )


def _label_files(folder):
    if not folder.is_dir():
        raise FileNotFoundError(f"no such folder: {folder}")
    files = _files(folder, (*_FRAME_ENDINGS, ".gif"))
    for path in files.values():
        if path.suffix.lower() != ".png":
            raise ValueError(
                f"{path} is no PNG file, as label images must be: other kinds "
                f"lose values"
            )
    return files


def _files(folder, endings):
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() not in endings:
            continue
        if path.stem in files:
            raise ValueError(
                f"{path} and {files[path.stem].name} have the same name; keep "
                f"one of them"
            )
        files[path.stem] = path
    return files


def _folders(parent):
    return sorted(
        path
        for path in parent.iterdir()
        if path.is_dir() and not path.name.startswith(".")
    )


def _split(parts):
    """What the innermost folder with the name of a split says."""
    for part in reversed(parts):
        for split, names in SPLITS.items():
            if part.lower() in names:
                return split
    return None
