"""A stream that a server segments."""

import contextlib
import secrets
import threading

import numpy as np

from accel_tf.serving.client_errors import ServerError

# A number that every language's JSON holds exactly.
_ID_BITS = 53


class RemoteStream:
    """One stream of a `Client`, called as a `VideoStream` is.

    Frames are sent one after the other, from whichever thread. Where it may
    be that the server has not seen exactly the frames that were sent here,
    the next one is a key frame: after an answer that got lost or came too
    late, and when the server's count shows that somebody else sent a frame.
    A server that was started again has no state and begins with one itself.

    Used as a context manager it is closed at the end.

    Args:
        client: a `Client`.
        stream_id: of a stream to go on with, 0 or more; by default a new one.

    Attributes:
        stream_id: as given, or the new one.
        is_key: whether the last frame was a key frame; `None` before the
            first.
        frames_since_key: 0 on a key frame; `None` before the first.
    """

    def __init__(self, client, stream_id=None):
        self._client = client
        self._lock = threading.Lock()
        if stream_id is None:
            stream_id = secrets.randbits(_ID_BITS)
        if stream_id < 0:
            raise ValueError(f"stream_id must be 0 or more, not {stream_id}.")
        self.stream_id = stream_id
        self._begins_anew = False
        self.is_key = None
        self.frames_since_key = None

    def __call__(self, frame, force_key=False):
        """Labels of the next frame.

        Args:
            frame: uint8 RGB `[H, W, 3]`; or `[1, H, W, 3]`, as `VideoStream`
                takes it; or the bytes of a JPEG or PNG file.
            force_key: whether it must be a key frame.

        Returns:
            uint8 `[H, W]`, or `[1, H, W]`.

        Raises:
            As `Client.frame`.
        """
        is_batch = not isinstance(frame, bytes) and np.ndim(frame) == 4
        if is_batch and len(frame) != 1:
            raise ValueError(
                f"a remote stream takes one frame at a time, not {len(frame)}."
            )
        frame = frame[0] if is_batch else frame
        with self._lock:
            labels = self._segment(frame, force_key)
        return labels[None] if is_batch else labels

    def __enter__(self):
        return self

    def __exit__(self, *error):
        # A courtesy: a server makes room for other streams by itself.
        with contextlib.suppress(OSError):
            self._client.close_stream(self.stream_id, retry=False)

    def reset_state(self):
        """Forgets the stream: the next frame is a key frame."""
        with self._lock:
            self._begins_anew = True
            self.is_key = self.frames_since_key = None

    def close(self):
        """Lets the server forget the stream; another frame begins it anew.

        Raises:
            As `Client.frame`.
        """
        with self._lock:
            self._client.close_stream(self.stream_id)
            self._begins_anew = False
            self.is_key = self.frames_since_key = None

    def _segment(self, frame, force_key):
        if self._begins_anew:
            # A model without key frames begins anew only so.
            self._client.close_stream(self.stream_id)
        result = self._send(frame, force_key or self._begins_anew)
        if self._is_disturbed(result):
            result = self._send(frame, force_key=True)
        self._begins_anew = False
        self.is_key = result.is_key
        self.frames_since_key = result.frames_since_key
        return result.labels

    def _send(self, frame, force_key):
        try:
            return self._result(frame, force_key)
        except ServerError:
            raise  # A request that failed has changed nothing.
        except (OSError, KeyboardInterrupt):
            self._begins_anew = True
            raise

    def _result(self, frame, force_key):
        """What the server gives, as a `Segmentation`."""
        return self._client.frame(frame, self.stream_id, force_key)

    def _is_disturbed(self, result):
        return (
            not result.is_key
            and self.frames_since_key is not None
            and result.frames_since_key != self.frames_since_key + 1
        )
