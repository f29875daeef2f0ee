"""Where the videos of Something-Something lie."""

from accel_tf.datasets.clip_sources import ClipSource

_ENDINGS = (".webm", ".mp4", ".avi", ".mkv")
_FOLDERS = ("20bn-something-something-{}", "frames", "videos")


def find_folder(manual_dir, release, clips=None):
    """The folder of the videos, or of the folders of their frames.

    Args:
        manual_dir: `epath.Path` of the folder of the annotations.
        release: "v1" or "v2".
        clips: folder, from `manual_dir`; None looks for the usual names.

    Returns:
        `epath.Path`.

    Raises:
        FileNotFoundError: There is none.
    """
    if clips is not None:
        names = [clips]
    else:
        names = [name.format(release) for name in _FOLDERS]
    for name in names:
        if (manual_dir / name).is_dir():
            return manual_dir / name
    raise FileNotFoundError(
        f"there is no folder {manual_dir / names[0]}; the setting clips names "
        "the folder of the videos, or of the folders of their frames"
    )


def sources(folder, labels):
    """A `ClipSource` for each video.

    Args:
        folder: `epath.Path` from `find_folder`.
        labels: index of the class of each video, by its id.
    """
    # One listing rather than a question for each of 200,000 videos.
    names = {path.name for path in folder.iterdir()}
    found = []
    for clip_id, label in labels.items():
        files = [f"{clip_id}{ending}" for ending in _ENDINGS]
        # What is not there, the builder names.
        name = next((x for x in (clip_id, *files) if x in names), files[0])
        found.append(ClipSource(clip_id, label, folder / name))
    return found
