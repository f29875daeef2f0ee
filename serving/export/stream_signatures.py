"""The signatures of streams, of any model that takes frame after frame."""

import dataclasses

import tensorflow as tf

from accel_tf.serving.export.checks import checked, require
from accel_tf.serving.export.frame_walk import FrameWalk
from accel_tf.serving.export.rows import checked_rows, chosen, vector
from accel_tf.serving.export.state_bytes import StateBytes
from accel_tf.serving.export.stream_table import StreamTable

WARM_UP_STREAM = -(2**62)
"""The one negative stream id: that of the warm-up requests."""


@dataclasses.dataclass
class StreamSignatures:
    """Programs whose states stay in the loaded model or go to the client.

    Args:
        walk: the `FrameWalk` of the model.
        interval: frames from one key frame to the next.
        memory_limit: bytes for the states of all streams.
        fingerprint: 16 characters that differ from model to model.
    """

    walk: FrameWalk
    interval: int
    memory_limit: int
    fingerprint: str

    def __post_init__(self):
        self._steps = self.walk.steps
        self._state_bytes = StateBytes(self.fingerprint, self.walk.stored)
        self._table = StreamTable(
            f"accel_tf_{self.fingerprint}", self.memory_limit
        )

    def functions(self, explicit_state):
        """All of them.

        Args:
            explicit_state: whether `key` and `nonkey` are among them; only
                for models with a state.

        Returns:
            dict of name -> function and list of its inputs' `tf.TensorSpec`.
        """
        image_bytes = tf.TensorSpec([None], tf.string, "image_bytes")
        state_bytes = tf.TensorSpec([None], tf.string, "state_bytes")
        stream_id = tf.TensorSpec([None], tf.int64, "stream_id")
        force_key = tf.TensorSpec([None], tf.bool, "force_key")
        functions = {
            "stream": (self.stream, [image_bytes, stream_id, force_key]),
            "close": (self.close, [stream_id]),
            "stats": (self.stats, [stream_id]),
        }
        if explicit_state:
            functions["key"] = self.key, [image_bytes]
            functions["nonkey"] = self.nonkey, [image_bytes, state_bytes]
        return functions

    def requests(self, programs, image):
        """Warm-up requests: pairs of a signature's name and its inputs.

        Args:
            programs: dict of the concrete functions.
            image: a JPEG file, scalar string tensor.
        """
        one, two = tf.stack([image]), tf.stack([image, image])
        stream_id = tf.constant([WARM_UP_STREAM, WARM_UP_STREAM], tf.int64)
        yield (
            "stream",
            {
                "image_bytes": two,
                "stream_id": stream_id,
                "force_key": tf.constant([False, False]),
            },
        )
        if "key" in programs:
            state_bytes = programs["key"](one)["state_bytes"]
            yield "key", {"image_bytes": one}
            yield "nonkey", {"image_bytes": one, "state_bytes": state_bytes}
        yield "stats", {"stream_id": stream_id[:1]}
        yield "close", {"stream_id": stream_id[:1]}

    def stream(self, image_bytes, stream_id, force_key):
        """Frames of any streams, in order, whose states are kept."""
        stream_id = vector(stream_id)
        image_bytes = checked_rows(
            image_bytes, stream_id=stream_id, force_key=force_key
        )
        stream_id = checked(stream_id, image_bytes, _known_ids(stream_id))
        ids, slots = tf.unique(stream_id)
        rows = tf.range(tf.size(stream_id, tf.int64))
        walked = self.walk(
            checked(image_bytes, ids),
            slots,
            self._table.read(ids)
            if self._steps.state_specs
            else self.walk.stored.absent(tf.size(ids)),
            interval=self.interval,
            force_key=force_key,
            memory_limit=self.memory_limit,
        )
        counted = stream_id != WARM_UP_STREAM
        frames, key_frames = (
            tf.reduce_sum(tf.cast(each, tf.int64))
            for each in (counted, counted & walked["is_key"])
        )
        if self._steps.state_specs:
            last_row = tf.math.unsorted_segment_max(rows, slots, tf.size(ids))
            self._table.commit(
                ids,
                walked["states"],
                walked["memory"],
                last_row,
                frames,
                key_frames,
            )
        else:
            self._table.count_frames(frames)
        return chosen(
            walked, self._steps.output_name, "is_key", "frames_since_key"
        )

    def close(self, stream_id):
        """Forgets streams."""
        stream_id = vector(stream_id)
        stream_id = checked(stream_id, _known_ids(stream_id))
        return {"closed": self._table.close(stream_id)}

    def stats(self, stream_id):
        """Numbers about all streams and the given ones."""
        return self._table.stats(vector(stream_id))

    def key(self, image_bytes):
        """Key frames, each the start of a stream of its own."""
        image_bytes = checked_rows(image_bytes)
        count = tf.size(image_bytes)
        return self._explicit(image_bytes, self.walk.stored.absent(count))

    def nonkey(self, image_bytes, state_bytes):
        """The next frame of one stream or several, from their states."""
        image_bytes = checked_rows(image_bytes, state_bytes=state_bytes)
        rows = tf.range(tf.size(image_bytes))
        states = tf.map_fn(
            lambda row: self._state_bytes.parse(state_bytes[row], row),
            rows,
            fn_output_signature=tf.TensorSpec([], tf.variant),
        )
        return self._explicit(image_bytes, states)

    def _explicit(self, image_bytes, states):
        walked = self.walk(
            image_bytes,
            tf.range(tf.size(image_bytes)),
            states,
            one_size="state_bytes must be of a frame of the same size",
            memory_limit=self.memory_limit,
        )
        state_bytes = tf.map_fn(
            self._state_bytes.serialize,
            walked["states"],
            fn_output_signature=tf.string,
        )
        return chosen(walked, self._steps.output_name) | {
            "state_bytes": state_bytes
        }


def _known_ids(stream_id):
    usual = tf.reduce_all((stream_id >= 0) | (stream_id == WARM_UP_STREAM))
    return require(
        usual,
        "stream_id must be 0 or more; ",
        tf.reduce_min(stream_id),
        " is not",
    )
