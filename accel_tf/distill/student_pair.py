"""Two copies of a student: one segments while the other gets new weights."""

import threading

from accel_tf.distill.parameter_space import ParameterSpace
from accel_tf.streaming import FixedInterval, VideoStream


class StudentPair:
    """Segments frames, and changes its weights between two of them.

        pair = StudentPair(model)
        pair.load(weights)  # in another thread
        labels = pair(frame[None])

    `load` writes into the copy that is not in use; the next frame is the
    first that goes through it. The thread that segments never waits for one
    that loads.

    Every frame is a key frame: that is how the server's student is trained,
    and what a key frame leaves behind is of the weights of its time.

    Args:
        model: a `VideoSegmenter`; the second copy is made of it.

    Raises:
        ValueError: if it cannot be trained.

    Attributes:
        space: `ParameterSpace` of the first copy.
        swaps: how often weights have been changed.
    """

    def __init__(self, model):
        copy = type(model).from_config(model.get_config())
        self._spaces = [ParameterSpace(model), ParameterSpace(copy)]
        self._streams = [
            VideoStream(each, FixedInterval(1)) for each in (model, copy)
        ]
        self.space = self._spaces[0]
        self._spaces[1].write(self.space.read())
        self._active = 0
        self._tags, self._is_ready = [], False
        self._lock = threading.Lock()
        self.swaps = 0

    @property
    def model(self):
        """The copy that is in use."""
        return self._streams[self._active].model

    def prepare(self, size, label_size):
        """Compiles both copies for frames, so that no swap waits for it.

        Args:
            size, label_size: `(height, width)` of frames and labels.
        """
        import numpy as np

        for stream in self._streams:
            stream(np.zeros((1, *size, 3), np.uint8), size=label_size)

    def load(self, weights, tag=None):
        """Makes weights ready for the next frame.

        Args:
            weights: float32 `[size]`.
            tag: what `swap` gives back once they are in use.
        """
        with self._lock:
            self._is_ready = False
            self._spaces[1 - self._active].write(weights)
            self._tags.append(tag)
            self._is_ready = True

    def swap(self):
        """Uses the newest weights that are ready, if there are any.

        Returns:
            list of the tags of `load` since the last swap; empty where the
            weights stay.
        """
        if not self._is_ready or not self._lock.acquire(blocking=False):
            return []
        try:
            self._active, self._is_ready = 1 - self._active, False
            self.swaps += 1
            tags, self._tags = self._tags, []
            return tags
        finally:
            self._lock.release()

    def __call__(self, frame, size=None):
        """Labels of a frame; see `VideoStream`."""
        return self._streams[self._active](frame, size=size)

    def reset_state(self):
        """The next frame does not follow the one before."""
        for stream in self._streams:
            stream.reset_state()

    def read(self):
        """Weights of the copy that is in use, float32 `[size]`."""
        return self._spaces[self._active].read()
