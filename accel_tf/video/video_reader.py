"""What every source of frames has in common."""


class VideoReader:
    """An iterable of frames, and a context manager.

    Iteration gives uint8 RGB arrays `[height, width, 3]`; `frames` gives the
    same images with their times and what happened to them. Every iteration of
    a file or of images starts at the first frame; a camera, a stream and the
    standard input go on.

    Iteration raises ValueError, with the name of the image, for one of another
    size, and with `strict` for a frame that does not decode and a file that
    ends early; `SourceLostError` for a camera or stream that is lost for good.

    Attributes:
        height: Height of the frames in pixels.
        width: Width of the frames in pixels.
        frame_rate: Mean number of frames per second, a float.
        frame_count: Number of frames, or None for a camera or stream and for
            a file that does not state it. What a file states may be off.
        has_sound: Whether the source has a stream of sound.
        damaged: Numbers of the frames, from 0, that did not decode so far.
        dropped: How many frames were left out so far because they came too
            late: of a live source only.
        reconnects: How often a camera or stream was connected again so far.
    """

    has_sound = False

    def __init__(self, height, width, frame_rate, frame_count):
        self.height = height
        self.width = width
        self.frame_rate = float(frame_rate)
        self.frame_count = frame_count
        self.damaged = []
        self.dropped = 0
        self.reconnects = 0

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __iter__(self):
        for frame in self.frames():
            yield frame.image

    def frames(self):
        """Gives each frame as a `VideoFrame`."""
        raise NotImplementedError  # abstract

    def close(self):
        """Lets go of the file, camera or connection."""
