"""The official annotation files of Something-Something."""

import difflib

from accel_tf.datasets.text_lists import read_lines
from accel_tf.files import read_json

_SPLITS = ("train", "validation")


def read(manual_dir, release):
    """The classes, and the class of each video.

    Args:
        manual_dir: `epath.Path` of the folder of the files.
        release: "v1" or "v2".

    Returns:
        `(class_names, splits)`: names in the order of the classes, and a dict
        from "train" and "validation" to a dict from a video's id to the index
        of its class.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is not as it should be, or a video has a label that
            the list of labels does not have.
    """
    if release == "v1":
        read_labels, read_videos, ending = _labels_v1, _videos_v1, "csv"
    else:
        read_labels, read_videos, ending = _labels_v2, _videos_v2, "json"
    path = _find(manual_dir, release, "labels", ending)
    names = read_labels(path)
    indices = {name: index for index, name in enumerate(names)}
    splits = {}
    for split in _SPLITS:
        path = _find(manual_dir, release, split, ending)
        splits[split] = _indices(path, read_videos(path), indices)
    return names, splits


def _find(manual_dir, release, what, ending):
    official = f"something-something-{release}-{what}.{ending}"
    plain = f"{what}.{ending}"
    for name in (official, plain, f"labels/{official}", f"labels/{plain}"):
        if (manual_dir / name).is_file():
            return manual_dir / name
    raise FileNotFoundError(
        f"there is no {manual_dir / official}, nor {plain} or labels/{plain}"
    )


def _indices(path, videos, indices):
    found = {}
    for clip_id, text in videos:
        if clip_id in found:
            raise ValueError(f"{path} has the video {clip_id} twice")
        if text not in indices:
            near = difflib.get_close_matches(text, indices, n=1)
            hint = f" (did it mean {near[0]!r}?)" if near else ""
            raise ValueError(
                f"{path}: the label {text!r} of the video {clip_id} is not in "
                f"the list of labels{hint}"
            )
        found[clip_id] = indices[text]
    if not found:
        raise ValueError(f"{path} has no videos")
    return found


def _labels_v1(path):
    """A line for each class, in the order of their indices."""
    return [text for _, text in read_lines(path)]


def _videos_v1(path):
    """`(id, label)` of the lines `id;label`."""
    videos = []
    for number, line in read_lines(path):
        clip_id, semicolon, text = line.partition(";")
        if not (semicolon and clip_id.strip() and text.strip()):
            raise ValueError(
                f"{path}, line {number} must be: id;label; it is: {line[:80]}"
            )
        videos.append((clip_id.strip(), text.strip()))
    return videos


def _labels_v2(path):
    """From a dict of the index, as text, by the label."""
    indices = _json(path, dict, '{"label": "index", ...}')
    try:
        names = {int(index): text.strip() for text, index in indices.items()}
    except (TypeError, ValueError):
        names = {}
    if not names or sorted(names) != list(range(len(indices))):
        raise ValueError(
            f"{path} must give each label an index of its own, from 0 without "
            "gaps"
        )
    return [names[index] for index in range(len(names))]


def _videos_v2(path):
    """`(id, label)`: the template has brackets that the labels do not have."""
    form = '[{"id": ..., "template": ...}, ...]'
    videos = []
    for place, entry in enumerate(_json(path, list, form)):
        try:
            clip_id, text = str(entry["id"]), entry["template"]
            text = text.replace("[", "").replace("]", "").strip()
        except (TypeError, KeyError, AttributeError):
            raise ValueError(
                f"{path}: entry {place} must have an id and a template; the "
                f"file is {form}"
            ) from None
        videos.append((clip_id, text))
    return videos


def _json(path, kind, form):
    content = read_json(path)
    if not isinstance(content, kind):
        raise ValueError(f"{path} must be {form}")
    return content
