"""The models that a training leaves while it runs."""

import math

from accel_tf.models.keras_files import copy_of, save_copy

SCORE = "validation_mean_iou"
"""Name of the number in the history by which the best segmenter is known."""
TOP_1 = "validation_top_1"
"""And the best classifier of clips."""


class KeptModels:
    """Writes `last.keras` after every epoch and `best.keras` with the best.

    Both are whole at any time, and hold the network alone, as the trained
    model's own file does.

    Args:
        network: that is trained.
        folder: `pathlib.Path` of the folder to write to.
        score: name of the number in the history that tells the best.
    """

    def __init__(self, network, folder, score=SCORE):
        self._network = network
        self._folder = folder
        self._score = score
        self._copy = None

    def __call__(self, history):
        """Writes what the last epoch of a history calls for.

        Args:
            history: as from `accel_tf.training.fit.fit`. Without validation
                there is no best model.
        """
        self._save("last.keras")
        *before, last = (logs.get(self._score, math.nan) for logs in history)
        better = all(not last <= score for score in before)
        if better and not math.isnan(last):
            self._save("best.keras")

    def _save(self, name):
        if self._copy is None:
            self._copy = copy_of(self._network)
        save_copy(self._copy, self._network, self._folder / name)
