"""Scores of every frame in files."""

import json

import numpy as np

from accel_tf.video.whole_output import FolderOutput

_HOW_TO_READ = (
    "Each .npz file holds 'scores', float16 [h, w, classes], before a softmax,"
    " in the order of 'classes': numpy.load(file)['scores']. They cover a"
    " frame of 'model_size', one for every 'output_stride' pixels; enlarged"
    " bilinearly, their argmax gives the labels. 'trust', where there is one,"
    " is float16 [m, n], 0 to 1: how far they are to be trusted between key"
    " frames."
)


class ScoresWriter(FolderOutput):
    """Writes the scores of every frame as an .npz file.

    Files are called as the label images of `LabelWriter`. `scores.json`
    beside them names the classes and says how to read them.

    Args:
        directory, Raises: as for `LabelWriter`.
        about: dict of plain JSON types, written to `scores.json`.
    """

    def __init__(self, directory, about):
        super().__init__(directory)
        self._about = about

    def write(self, scores, trust=None, name=None):
        """Writes the scores of the next frame.

        Args:
            scores: float `[h, w, classes]`.
            trust: float `[m, n]`, or `None`.
            name: of the file without its ending; `None` for its number.
        """
        self._check_open()
        # Beyond float16's range only infinity is greater.
        arrays = {"scores": _halved(scores)}
        if trust is not None:
            arrays["trust"] = _halved(trust)
        path = self._next_path(name, ".npz")
        with self._naming(), open(path, "wb") as file:
            np.savez(file, **arrays)
        self._count()

    def _describe(self, folder):
        about = {"how_to_read": _HOW_TO_READ, **self._about}
        text = json.dumps(about, indent=1, ensure_ascii=False)
        (folder / "scores.json").write_text(f"{text}\n", "utf-8")


def _halved(values):
    limit = np.finfo(np.float16).max
    return np.clip(values, -limit, limit).astype(np.float16)
