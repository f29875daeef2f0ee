"""The signatures of an exported segmenter."""

import dataclasses

import tensorflow as tf

from accel_tf.serving.export.checks import checked, require
from accel_tf.serving.export.compiled_steps import CompiledSteps
from accel_tf.serving.export.frame_walk import FrameWalk
from accel_tf.serving.export.images import decode_frame
from accel_tf.serving.export.rows import checked_rows, chosen
from accel_tf.serving.export.stream_signatures import StreamSignatures
from accel_tf.streaming import AdaptiveKeyframes


@dataclasses.dataclass
class Signatures:
    """Programs from image files to label maps, of any `VideoSegmenter`.

    Args:
        model: a `VideoSegmenter`.
        interval: frames from one key frame to the next.
        memory_limit: bytes for the states of all streams.
        max_pixels: height times width of the largest frame.
        fingerprint: 16 characters that differ from model to model.
        key_share: share of key frames, which are then chosen where they pay;
            `None` for the fixed interval.
    """

    model: object
    interval: int
    memory_limit: int
    max_pixels: int
    fingerprint: str
    key_share: float | None = None

    def __post_init__(self):
        rule = None
        if self.key_share is not None:
            rule = AdaptiveKeyframes(self.key_share).rule
        self._steps = CompiledSteps(self.model, rule)
        self._walk = FrameWalk(self._steps, self.max_pixels)
        self.streams = StreamSignatures(
            self._walk, self.interval, self.memory_limit, self.fingerprint
        )

    def functions(self, explicit_state):
        """All of them, as of `StreamSignatures.functions`."""
        image_bytes = tf.TensorSpec([None], tf.string, "image_bytes")
        return {
            "serving_default": (self.clip, [image_bytes]),
            "scores": (self.scores, [image_bytes]),
            **self.streams.functions(explicit_state),
        }

    def requests(self, programs, image):
        """Warm-up requests, as of `StreamSignatures.requests`."""
        yield "serving_default", {"image_bytes": tf.stack([image, image])}
        yield "scores", {"image_bytes": tf.stack([image])}
        yield from self.streams.requests(programs, image)

    def clip(self, image_bytes):
        """The frames of one clip; nothing is remembered."""
        image_bytes = checked_rows(image_bytes)
        walked = self._walk(
            image_bytes,
            tf.zeros_like(image_bytes, tf.int32),
            self._walk.stored.absent(1),
            interval=self.interval,
            one_size="the frames of one clip must be of one size",
        )
        return chosen(walked, "label_png_bytes", "is_key")

    def scores(self, image_bytes):
        """Class scores of frames by themselves, at the network's stride."""
        image_bytes = checked_rows(image_bytes)
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
