"""Programs in int8 that give the labels of float32."""

import dataclasses

from accel_tf.messages import note
from accel_tf.runtimes.int8_trial import MOST_KEPT, Trial


@dataclasses.dataclass(frozen=True)
class Int8Options:
    """How a model is made int8.

    Attributes:
        frames: list of uint8 `[H, W, 3]`, to calibrate with and compare on.
        interval: from one key frame to the next.
        min_agreement: share of the pixels that have to keep the label of
            float32, 0 to 1; `None` for as it comes.
        on_report: function that is given an `Int8Report` for each size;
            `None` for none, which saves the comparison of layers.
    """

    frames: list
    interval: int
    min_agreement: float | None = None
    on_report: object = None


class Quantization:
    """Makes the int8 programs of one size, all when one is first asked for.

    Args:
        exact: `SizePrograms` in float32.
        calibrate: function that gives their `Calibration`.
        options: `Int8Options`.
        class_names: of the labels.
        name: of the model and its runtime, for the report.

    Attributes:
        agreement: share of the pixels with the labels of float32; `None`
            before there are programs.
    """

    def __init__(self, exact, calibrate, options, class_names, name):
        self._exact, self._calibrate = exact, calibrate
        self._options = options
        self._class_names = class_names
        self._name = name
        self._programs = None
        self.agreement = None

    def program(self, kind):
        """The int8 `Program` of a kind of step.

        Raises:
            ValueError: one line, if the agreement is not reached.
        """
        if self._programs is None:
            self._programs = self._make()
            # They are large.
            self._exact = self._calibrate = None
        return self._programs[kind]

    def _make(self):
        trial = Trial(self._exact, self._calibrate(), len(self._class_names))
        wanted = self._options.min_agreement
        while wanted is not None and trial.found.share < wanted:
            self._keep_more(trial, wanted)
        report = trial.report(
            self._name, self._class_names, wanted, self._options.on_report
        )
        self.agreement = report.agreement
        note(report.summary())
        if self._options.on_report is not None:
            self._options.on_report(report)
        return trial.programs

    def _keep_more(self, trial, wanted):
        if trial.keep_more(wanted):
            return
        raise ValueError(
            f"int8 keeps {trial.found.share:.2%} of the labels of float32, not "
            f"{wanted:.2%}, with {trial.kept_share():.0%} of the multiply-adds "
            f"in float32, of which {MOST_KEPT:.0%} are the most; ask for a "
            "lower agreement, or leave int8."
        )
