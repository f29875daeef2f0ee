"""What can go wrong with a source of frames."""


class SourceLostError(OSError):
    """A stream or camera that gave frames has gone for good.

    Writers keep what was written before it.
    """
