"""A live video of a served classifier, with a server that is none."""

import types

import numpy as np
import pytest

from accel_tf.serving.client_clip_stream import RemoteClipStream
from accel_tf.serving.client_errors import ServerError

FRAME = np.zeros((4, 5, 3), np.uint8)


class Server:
    """Tells how many frames a stream had; one is refused."""

    def __init__(self, refused=()):
        self.seen, self.closed, self.refused = {}, [], list(refused)

    def ask(self, frame, stream_id, force_key):
        if self.refused and self.refused[0] == self.seen.get(stream_id, 0):
            self.refused.pop(0)
            raise ServerError(400, "It is none.")
        self.seen[stream_id] = self.seen.get(stream_id, 0) + 1
        probabilities = [[0.0, float(self.seen[stream_id])]]
        return {
            "probabilities": probabilities,
            "is_key": [True],
            "frames_since_key": [0],
        }

    def close_stream(self, stream_id, retry=True):
        self.closed.append(stream_id)
        return bool(self.seen.pop(stream_id, 0))

    def stream(self, frame_step=2, **options):
        model = types.SimpleNamespace(
            name="m", class_names=("sit", "wave"), frame_step=frame_step
        )
        return RemoteClipStream(self, model, self.ask, **options)


def test_frames_that_count_are_sent():
    server = Server()
    with server.stream() as stream:
        found = [stream(FRAME)[1] for _ in range(5)]
        assert found == [1, 1, 2, 2, 3]
        assert stream(FRAME[None]).shape == (1, 2) and not stream.counted
        assert stream.class_names == ("sit", "wave")
        assert (stream.step, stream.frames_seen) == (2, 3)
        stream.reset_state()
        assert stream.probabilities is None
        assert stream(FRAME)[1] == 1 and stream.counted
    assert server.closed == [stream.stream_id] * 2
    assert server.stream(step=1, stream_id=7).step == 1
    assert server.stream("unknown").step == 1


def test_a_frame_that_is_refused_leaves_the_stream_as_it_was():
    stream = Server(refused=[1]).stream(step=1)
    stream(FRAME)
    with pytest.raises(ServerError, match="It is none"):
        stream(FRAME)
    assert (stream.frames_seen, stream.probabilities[1]) == (1, 1)
    assert stream(FRAME)[1] == 2


def test_steps_that_no_live_video_has():
    for options, message in (
        ({"step": 0.5}, "step must be a number, 1 or more, not 0.5"),
        ({"frame_step": None}, "m takes clips that are spread over whole"),
    ):
        with pytest.raises(ValueError, match=message):
            Server().stream(**options)
