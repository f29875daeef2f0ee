"""Learning rates that change with the number of updates."""

import keras
from keras import ops

_schedules = keras.optimizers.schedules

KINDS = ("constant", "step", "cosine", "poly")
WARMUPS = ("constant", "linear", "exponential")


class _Warmup(_schedules.LearningRateSchedule):
    def __init__(self, schedule, warmup_learning_rate, warmup_steps):
        super().__init__()
        self.schedule = schedule
        self.warmup_learning_rate = warmup_learning_rate
        self.warmup_steps = warmup_steps

    def _after(self, step):
        rate = self.schedule
        if callable(rate):
            rate = rate(step)
        return ops.cast(rate, "float32")

    def get_config(self):
        schedule = self.schedule
        if callable(schedule):
            schedule = _schedules.serialize(schedule)
        return {
            "schedule": schedule,
            "warmup_learning_rate": self.warmup_learning_rate,
            "warmup_steps": self.warmup_steps,
        }

    @classmethod
    def from_config(cls, config):
        schedule = config["schedule"]
        if isinstance(schedule, dict):
            schedule = _schedules.deserialize(schedule)
        return cls(**{**config, "schedule": schedule})


@keras.saving.register_keras_serializable(package="accel_tf")
class ConstantWarmup(_Warmup):
    """One small learning rate for the first updates, then another.

    Not a ramp: the published Accel and DeepLab start with 5e-5 for exactly
    1,000 updates.

    Args:
        schedule: float or schedule that follows. It counts from the first
            update, warm-up included.
        warmup_learning_rate: float.
        warmup_steps: number of updates with it.
    """

    def __call__(self, step):
        return ops.where(
            step < self.warmup_steps,
            ops.cast(self.warmup_learning_rate, "float32"),
            self._after(step),
        )


@keras.saving.register_keras_serializable(package="accel_tf")
class LinearWarmup(_Warmup):
    """A learning rate that rises evenly to where the schedule is by then.

    As X3D (CVPR 2020) and VoV3D start.

    Args:
        schedule: float or schedule that follows. It counts from the first
            update, warm-up included.
        warmup_learning_rate: float, of the first update.
        warmup_steps: number of updates before the first one that has the
            schedule's rate; above 0.
    """

    def __call__(self, step):
        share = ops.cast(step, "float32") / self.warmup_steps
        start = ops.cast(self.warmup_learning_rate, "float32")
        rise = self._after(self.warmup_steps) - start
        return ops.where(
            step < self.warmup_steps, start + rise * share, self._after(step)
        )


@keras.saving.register_keras_serializable(package="accel_tf")
class ExponentialWarmup(_Warmup):
    """A learning rate that rises by the same factor with every update.

    `start * (target / start) ** (step / warmup_steps)`, as TDNet (CVPR 2020)
    starts, and then the schedule, whose first rate is the target.

    Args:
        schedule: float or schedule that follows. It counts from the end of
            the warm-up.
        warmup_learning_rate: float above 0, of the first update.
        warmup_steps: number of updates before the schedule's first.
    """

    def __call__(self, step):
        step = ops.cast(step, "float32")
        # Both sides are computed for every step, and should stay finite.
        share = ops.minimum(step / self.warmup_steps, 1.0)
        ratio = self._after(0) / self.warmup_learning_rate
        return ops.where(
            step < self.warmup_steps,
            self.warmup_learning_rate * ops.power(ratio, share),
            self._after(ops.maximum(step - self.warmup_steps, 0.0)),
        )


def make_schedule(
    kind,
    learning_rate,
    steps,
    warmup_learning_rate=None,
    warmup_steps=0,
    boundaries=(),
    factor=0.1,
    warmup="constant",
):
    """A learning rate by name.

    Args:
        kind: "constant"; "step": times `factor` after each of
            `boundaries`; "cosine": half a wave down to 0 (SGDR, ICLR 2017);
            "poly": `(1 - step / steps) ** 0.9` (DeepLab, TPAMI 2018).
        learning_rate: float, at the start.
        steps: updates of the whole training.
        warmup_learning_rate: float, for `warmup_steps`.
        warmup_steps: first updates, which have a rate of their own;
            they count among `steps`. 0 is none.
        boundaries: numbers of updates from the very first one, rising, for
            "step".
        factor: float, for "step".
        warmup: "constant": `warmup_learning_rate` for all of these updates,
            during which the schedule goes on unseen; "linear": evenly from
            `warmup_learning_rate` up to what the schedule, which goes on
            unseen, has come to by then; "exponential": from
            `warmup_learning_rate` up to `learning_rate`, from where the
            schedule runs over the updates that remain.

    Returns:
        A float for "constant" without warm-up, else a Keras schedule.

    Raises:
        ValueError: for an unknown kind, or arguments that do not fit it.
    """
    if kind not in KINDS:
        raise ValueError(
            f"schedule must be one of {', '.join(KINDS)}, not {kind!r}."
        )
    if steps < 1:
        raise ValueError(f"steps must be 1 or more, got {steps}.")
    boundaries = list(boundaries)
    if (kind == "step") != bool(boundaries):
        raise ValueError(
            "boundaries belong to the schedule 'step', which needs them; got "
            f"{boundaries} for {kind!r}."
        )
    if boundaries != sorted(set(boundaries)):
        raise ValueError(f"boundaries must rise, got {boundaries}.")
    if (warmup_steps > 0) != (warmup_learning_rate is not None):
        raise ValueError(
            "warmup_learning_rate and warmup_steps belong together, got "
            f"{warmup_learning_rate} and {warmup_steps}."
        )
    if warmup not in WARMUPS:
        raise ValueError(
            f"warmup must be one of {', '.join(WARMUPS)}, not {warmup!r}."
        )
    if warmup == "exponential":
        if not 0 < warmup_steps < steps:
            raise ValueError(
                "an exponential warmup needs warmup_steps above 0 and below "
                f"steps, got {warmup_steps} of {steps}."
            )
        if min(warmup_learning_rate, learning_rate) <= 0:
            raise ValueError(
                "an exponential warmup needs learning rates above 0, got "
                f"{warmup_learning_rate} and {learning_rate}."
            )
        steps -= warmup_steps
        boundaries = [boundary - warmup_steps for boundary in boundaries]
    schedule = learning_rate
    if kind == "step":
        rates = [
            learning_rate * factor**power for power in range(len(boundaries))
        ]
        last = learning_rate * factor ** len(boundaries)
        schedule = _schedules.PiecewiseConstantDecay(boundaries, [*rates, last])
    elif kind == "cosine":
        schedule = _schedules.CosineDecay(learning_rate, steps)
    elif kind == "poly":
        schedule = _schedules.PolynomialDecay(
            learning_rate, steps, end_learning_rate=0.0, power=0.9
        )
    if not warmup_steps:
        return schedule
    wrap = {
        "constant": ConstantWarmup,
        "linear": LinearWarmup,
        "exponential": ExponentialWarmup,
    }[warmup]
    return wrap(schedule, warmup_learning_rate, warmup_steps)
