"""The signatures of an exported model."""

import dataclasses

import tensorflow as tf

from accel_tf.serving.export.checks import checked, require
from accel_tf.serving.export.compiled_steps import CompiledSteps
from accel_tf.serving.export.frame_walk import FrameWalk
from accel_tf.serving.export.images import decode_frame
from accel_tf.serving.export.state_bytes import StateBytes
from accel_tf.serving.export.stream_table import StreamTable

WARM_UP_STREAM = -(2**62)
"""The one negative stream id: that of the warm-up requests."""


@dataclasses.dataclass
class Signatures:
    """Programs from image files to label maps, of any `VideoSegmenter`.

    Args:
        model: a `VideoSegmenter`.
        interval: frames from one key frame to the next.
        memory_limit: bytes for the states of all streams.
        max_pixels: height times width of the largest frame.
        fingerprint: 16 characters that differ from model to model.
    """

    model: object
    interval: int
    memory_limit: int
    max_pixels: int
    fingerprint: str

    def __post_init__(self):
        self._steps = CompiledSteps(self.model)
        self._walk = FrameWalk(self._steps, self.max_pixels)
        self._state_bytes = StateBytes(self.fingerprint, self._walk.stored)
        self._table = StreamTable(
            f"accel_tf_{self.fingerprint}", self.memory_limit
        )

    def programs(self, explicit_state):
        """All of them.

        Args:
            explicit_state: whether `key` and `nonkey` are among them; only
                for models with a state.

        Returns:
            dict of name -> concrete function with keyword arguments.
        """
        image_bytes = tf.TensorSpec([None], tf.string, "image_bytes")
        state_bytes = tf.TensorSpec([None], tf.string, "state_bytes")
        stream_id = tf.TensorSpec([None], tf.int64, "stream_id")
        force_key = tf.TensorSpec([None], tf.bool, "force_key")
        programs = {
            "serving_default": (self.clip, [image_bytes]),
            "stream": (self.stream, [image_bytes, stream_id, force_key]),
            "close": (self.close, [stream_id]),
            "stats": (self.stats, [stream_id]),
            "scores": (self.scores, [image_bytes]),
        }
        if explicit_state:
            programs["key"] = self.key, [image_bytes]
            programs["nonkey"] = self.nonkey, [image_bytes, state_bytes]
        return {
            name: tf.function(
                function, input_signature=inputs, autograph=False
            ).get_concrete_function()
            for name, (function, inputs) in programs.items()
        }

    def clip(self, image_bytes):
        """The frames of one clip; nothing is remembered."""
        image_bytes = _checked_rows(image_bytes)
        walked = self._walk(
            image_bytes,
            tf.zeros_like(image_bytes, tf.int32),
            self._walk.stored.absent(1),
            interval=self.interval,
            one_size="the frames of one clip must be of one size",
        )
        return _chosen(walked, "label_png_bytes", "is_key")

    def stream(self, image_bytes, stream_id, force_key):
        """Frames of any streams, in order, whose states are kept."""
        stream_id = _vector(stream_id)
        image_bytes = _checked_rows(
            image_bytes, stream_id=stream_id, force_key=force_key
        )
        stream_id = checked(stream_id, image_bytes, _known_ids(stream_id))
        ids, slots = tf.unique(stream_id)
        rows = tf.range(tf.size(stream_id, tf.int64))
        walked = self._walk(
            checked(image_bytes, ids),
            slots,
            self._table.read(ids)
            if self._steps.state_specs
            else self._walk.stored.absent(tf.size(ids)),
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
        return _chosen(walked, "label_png_bytes", "is_key", "frames_since_key")

    def close(self, stream_id):
        """Forgets streams."""
        stream_id = _vector(stream_id)
        stream_id = checked(stream_id, _known_ids(stream_id))
        return {"closed": self._table.close(stream_id)}

    def stats(self, stream_id):
        """Numbers about all streams and the given ones."""
        return self._table.stats(_vector(stream_id))

    def scores(self, image_bytes):
        """Class scores of frames by themselves, at the network's stride."""
        image_bytes = _checked_rows(image_bytes)
        scores = tf.TensorArray(
            tf.float32,
            tf.size(image_bytes),
            element_shape=self._steps.scores_shape,
        )

        def body(row, size, scores):
            frame = decode_frame(
                image_bytes[row], row, self.max_pixels, self._steps.least_side
            )
            own_size = tf.shape(frame)[:2]
            alike = require(
                tf.equal(row, 0) | tf.reduce_all(tf.equal(own_size, size)),
                "image_bytes[",
                row,
                "] is of another size than the frame before: frames whose "
                "scores are asked for together must be of one size",
            )
            scores_here = self._steps.scores(checked(frame, alike)[None])
            return row + 1, own_size, scores.write(row, scores_here)

        *_, scores = tf.while_loop(
            lambda row, *_: row < tf.size(image_bytes),
            body,
            (0, tf.zeros([2], tf.int32), scores),
            parallel_iterations=1,
        )
        return {"scores": scores.stack()}

    def key(self, image_bytes):
        """Key frames, each the start of a stream of its own."""
        image_bytes = _checked_rows(image_bytes)
        count = tf.size(image_bytes)
        return self._explicit(image_bytes, self._walk.stored.absent(count))

    def nonkey(self, image_bytes, state_bytes):
        """The next frame of one stream or several, from their states."""
        image_bytes = _checked_rows(image_bytes, state_bytes=state_bytes)
        rows = tf.range(tf.size(image_bytes))
        states = tf.map_fn(
            lambda row: self._state_bytes.parse(state_bytes[row], row),
            rows,
            fn_output_signature=tf.TensorSpec([], tf.variant),
        )
        return self._explicit(image_bytes, states)

    def _explicit(self, image_bytes, states):
        walked = self._walk(
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
        chosen = _chosen(walked, "label_png_bytes")
        return chosen | {"state_bytes": state_bytes}


def _chosen(walked, *names):
    return {name: walked[name] for name in names}


def _checked_rows(image_bytes, **others):
    """`image_bytes`, if there are any and as many of the `others`."""
    image_bytes = _vector(image_bytes)
    rows = tf.size(image_bytes)
    checks = [require(rows > 0, "image_bytes is empty: give a frame or more")]
    for name, values in others.items():
        count = tf.size(_vector(values))
        checks.append(
            require(
                tf.equal(count, rows),
                "image_bytes has ",
                rows,
                f" rows and {name} ",
                count,
                ": give one for each frame",
            )
        )
    return checked(image_bytes, *checks)


def _vector(values):
    """`values`; fails if there are not lists of one level in the request.

    A session looks at no shape, and operations that rely on one may end the
    whole process.
    """
    return tf.ensure_shape(values, [None])


def _known_ids(stream_id):
    usual = tf.reduce_all((stream_id >= 0) | (stream_id == WARM_UP_STREAM))
    return require(
        usual,
        "stream_id must be 0 or more; ",
        tf.reduce_min(stream_id),
        " is not",
    )
