"""One line in the console for every epoch of a training."""

import keras
import tqdm

from accel_tf.messages import tell
from accel_tf.training.fit import updates
from accel_tf.training.kept_models import SCORE


class EpochLines(keras.callbacks.Callback):
    """Shows loss, mean IoU and times of a training.

    A callback of `model.fit`, whose own output it replaces: a progress bar
    while an epoch runs, where the console is a terminal, and then a line.

    Args:
        stage: what the lines begin with.
        steps: updates of the whole training.
        loss_name: what the loss is called.
    """

    def __init__(self, stage, steps, loss_name="loss"):
        super().__init__()
        self._stage, self._steps, self._loss_name = stage, steps, loss_name
        self._bar = None

    def on_epoch_begin(self, epoch, logs=None):
        self._start = updates(self.model)
        self._bar = tqdm.tqdm(
            total=self.params["steps"],
            desc=self._stage,
            unit=" steps",
            leave=False,
            disable=None,  # unless it is a terminal
        )

    def on_train_batch_end(self, batch, logs=None):
        self._bar.set_postfix_str(
            f"{self._loss_name} {logs['loss']:.3f}", False
        )
        self._bar.update(batch + 1 - self._bar.n)

    def on_epoch_end(self, epoch, logs=None):
        self._bar.close()

    def __call__(self, history, step):
        """Writes the line of the last epoch.

        Args:
            history: as from `accel_tf.training.fit.fit`, validation included.
            step: updates so far.
        """
        logs = history[-1]
        parts = [
            f"{self._stage:<9} {step:>5}/{self._steps} steps",
            f"{self._loss_name} {logs['loss']:.3f}",
        ]
        if SCORE in logs:
            best = max(each.get(SCORE, 0.0) for each in history)
            parts.append(f"mean IoU {logs[SCORE]:.1%} (best {best:.1%})")
        seconds = sum(each["seconds"] for each in history)
        left = seconds / max(step, 1) * (self._steps - step)
        parts.append(_duration(seconds))
        if step < self._steps:
            parts.append(f"about {_duration(left)} left")
        tell("  ".join(parts))


def _duration(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
