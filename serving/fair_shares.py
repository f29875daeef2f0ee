"""Whose turn it is among several who share something.

Weighted fair queueing (Demers, Keshav, Shenker, "Analysis and simulation of a
fair queueing algorithm", 1989), of seconds of work in place of bytes: who
waits has a time at which its turn would begin if all were served side by
side, and who has the earliest goes first.
"""


class Share:
    """What one of them has had.

    Attributes:
        served_until: how far it is served, in the time of its `Shares`.
    """

    def __init__(self):
        self.served_until = 0.0


class Shares:
    """The time that passes while several are served side by side.

    Each second of work moves it on by one second divided by the number of
    those who share. Who was away begins at the present time: nobody saves up
    and nobody who comes anew goes before those who wait.

    Attributes:
        now: the present, in seconds of work for each who shares.
    """

    def __init__(self):
        self.now = 0.0

    def enter(self, share):
        """A `Share` wants to be served from now on; when its turn begins."""
        share.served_until = max(self.now, share.served_until)
        return share.served_until

    def charge(self, share, seconds, sharing):
        """Counts work.

        Args:
            share: the `Share` that it was done for.
            seconds: of work; below 0 gives back what was counted before.
            sharing: how many want to be served at the moment.
        """
        share.served_until += seconds
        self.now += seconds / max(sharing, 1)
