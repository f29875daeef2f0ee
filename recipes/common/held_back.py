"""Videos that nothing learns from, and what a reference said of them."""

import cv2
import numpy as np

LEAST_VIDEOS = 5
"""So many, and whole ones are held back."""


def parts_of(index, videos, count, share):
    """Which frames of a video are learnt from, and which are held back.

    Of few videos it is the end of each; but that looks like what comes before
    it, so of `LEAST_VIDEOS` or more it is whole videos, the last ones.

    Args:
        index: of the video, from 0.
        videos: how many there are.
        count: frames of this one.
        share: of the videos, or of each, to hold back; above 0, below 1.

    Returns:
        `{"train": (first, end), "validation": (first, end)}`, without a part
        that is empty.
    """
    if videos >= LEAST_VIDEOS:
        is_kept = index >= videos - max(1, round(videos * share))
        return {"validation" if is_kept else "train": (0, count)}
    border = count - max(1, round(count * share))
    return {"train": (0, border), "validation": (border, count)}


def read_clips(folder):
    """The clips of a folder with `frames` and `labels`, for `evaluate`.

    Args:
        folder: `pathlib.Path`; holds a folder for each clip.

    Returns:
        list of dicts of `frames` (list of uint8 RGB `[H, W, 3]`), `labels`
        (list of uint8 `[H, W, 1]`) and `label_positions`.
    """
    clips = []
    for clip in sorted(folder.iterdir()):
        frames = sorted((clip / "frames").iterdir())
        labels = sorted((clip / "labels").iterdir())
        numbers = [path.stem for path in frames]
        clips.append(
            {
                "frames": [cv2.imread(str(x))[..., ::-1] for x in frames],
                "labels": [
                    cv2.imread(str(x), cv2.IMREAD_UNCHANGED)[..., None]
                    for x in labels
                ],
                "label_positions": np.array(
                    [numbers.index(path.stem) for path in labels]
                ),
            }
        )
    return clips
