"""A live video that a served classifier of clips watches."""

import dataclasses

import numpy as np

from accel_tf.data.frame_steps import AS_TRAINED, live_step
from accel_tf.serving.client_stream import RemoteStream


@dataclasses.dataclass(frozen=True)
class LiveClasses:
    """What the server gave for one frame.

    Attributes:
        labels: float32 `[classes]`, the probabilities as of the frame.
        is_key, frames_since_key: as of `Segmentation`; of a causal
            classifier, whose frames are all alike, `True` and 0.
    """

    labels: np.ndarray
    is_key: bool
    frames_since_key: int


class RemoteClipStream(RemoteStream):
    """One live video of a `Client`, called as a `ClipStream` is.

    The server keeps the state of a causal classifier; what does not count is
    not sent. Otherwise as `RemoteStream`.

    Args:
        client: a `Client`.
        model: its `RemoteClassifier`.
        ask: function from the bytes of an image file, the stream's number and
            whether it begins anew to the outputs of the server.
        step: as of `ClipStream`.
        stream_id: of a stream to go on with; by default a new one.

    Attributes:
        class_names: of the model.
        step: as given, or the model's.
        probabilities, frames_seen, counted: as of `ClipStream`.

    Raises:
        ValueError: if the step is no number of 1 or more, or the model's
            clips are spread over whole videos and none is given.
    """

    def __init__(self, client, model, ask, step=AS_TRAINED, stream_id=None):
        super().__init__(client, stream_id)
        self.class_names = model.class_names
        self.step = live_step(model, step)
        self._ask = ask
        self._forget()

    def __call__(self, frame):
        """Probabilities as of the next frame.

        Args:
            frame: as of `RemoteStream`, of any size: the server brings it to
                the model's.

        Returns:
            float32 `[classes]`, or `[1, classes]` of a batch; those of the
            last frame that counted.

        Raises:
            As `Client.frame`.
        """
        return super().__call__(frame)

    def reset_state(self):
        """Forgets the stream: the next frame is its first, and counts."""
        super().reset_state()
        self._forget()

    def close(self):
        """Lets the server forget the stream; another frame begins it anew.

        Raises:
            As `Client.frame`.
        """
        super().close()
        self._forget()

    def _forget(self):
        self.probabilities = self.counted = None
        self.frames_seen = self._passed = 0

    def _segment(self, frame, force_key):
        counted = self._passed >= self.frames_seen * self.step
        if counted:
            self.probabilities = super()._segment(frame, force_key)
            self.frames_seen += 1
        self.counted = counted
        self._passed += 1
        return self.probabilities

    def _result(self, frame, force_key):
        outputs = self._ask(frame, self.stream_id, force_key)
        return LiveClasses(
            np.asarray(outputs["probabilities"][0], np.float32),
            bool(outputs["is_key"][0]),
            int(outputs["frames_since_key"][0]),
        )
