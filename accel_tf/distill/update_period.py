"""How long the server waits between two updates."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class UpdatePeriod:
    """Seconds between updates that follow the sampling rate (AMS's ATR).

        period = period.step(rate.rate)

    Where few frames are asked for, the scene stands still, and updates become
    rarer step by step; as soon as it moves, they are as frequent as before.
    Never changed in place.

    Attributes:
        base: seconds, at least 0.
        period: seconds between updates now; `base` by default.
        is_slow: whether the period grows.
        rates: the newest sampling rates, at most five, newest last.
        slow_below, fast_above: frames per second that the mean of `rates` is
            compared with.
        growth: seconds that a slow period grows by at each update.
        most: times the base that a period becomes at most.
    """

    base: float = 10.0
    period: float | None = None
    is_slow: bool = False
    rates: tuple = ()
    slow_below: float = 0.25
    fast_above: float = 0.35
    growth: float = 2.0
    most: float = 6.0

    def __post_init__(self):
        if self.period is None:
            object.__setattr__(self, "period", self.base)

    def step(self, rate):
        """The period after an update, as an `UpdatePeriod`.

        Args:
            rate: frames per second, `SamplingRate.rate` after this update.
        """
        rates = (*self.rates, float(rate))[-5:]
        mean = sum(rates) / len(rates)
        is_slow = (
            mean <= self.fast_above
            if self.is_slow
            else (mean < self.slow_below)
        )
        period = self.base
        if is_slow:
            period = min(self.period + self.growth, self.most * self.base)
        return dataclasses.replace(
            self, period=period, is_slow=is_slow, rates=rates
        )
