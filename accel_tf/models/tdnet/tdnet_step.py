"""What TDNet computes, whatever its networks were made of."""

from keras import ops

from accel_tf.models.image_normalization import normalize_image
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.models.tdnet.choose import choose
from accel_tf.models.tdnet.temporal_path import subsample
from accel_tf.ops import resize_bilinear


class TDNetStep(VideoSegmenter):
    """What `TDNet` computes with its `paths`.

    It also has `stride` and `warm_up`.
    """

    @property
    def output_stride(self):
        return self.paths[0].backbone.output_stride

    @property
    def restart_period(self):
        # The buffer holds less than a round, each frame by itself.
        return len(self.paths)

    def initial_state(self, batch_size, height, width, start_phase=0):
        """The empty buffer; see `VideoSegmenter.initial_state`.

        Args:
            batch_size, height, width: as there.
            start_phase: the path of the first frame, from 0; a number or a
                scalar tensor.
        """
        # Rounding up twice is rounding up once.
        step = self.output_stride * self.stride
        small = [(n + step - 1) // step for n in (height, width)]
        others = len(self.paths) - 1
        keys = self.paths[0].query.output_shape[-1]
        values = self.paths[0].value.output_shape[-1]
        dtype = self.compute_dtype
        state = {
            "keys": ops.zeros((batch_size, others, *small, keys), dtype),
            "values": ops.zeros((batch_size, others, *small, values), dtype),
            "phase": ops.full(
                (batch_size,), start_phase % len(self.paths), "int32"
            ),
            "buffered_frames": ops.zeros((batch_size,), "int32"),
        }
        if others > 1:
            state["queries"] = ops.zeros(
                (batch_size, others - 1, *small, keys), dtype
            )
        return state

    def clip_state(self, batch_size, height, width, start_phase=0):
        state = self.initial_state(batch_size, height, width, start_phase)
        # With plain numbers only the branches that a clip needs are built.
        state["buffered_frames"] = 0
        if isinstance(start_phase, int):
            state["phase"] = start_phase % len(self.paths)
        return state

    def call(self, clip, training=None, start_phase=0):
        """Logits of the last frame of `clip`, `[B, T, H, W, 3]`.

        As in a stream of which the clip is the start. The published form of
        training has as many frames as paths.

        Args:
            clip: RGB 0..255.
            training: whether to use the batch's statistics and dropout.
            start_phase: the path of the first frame, from 0. With a scalar
                tensor one program serves all phases.
        """
        return self._unroll(clip, training, start_phase=start_phase)

    def advance(self, frame, state, is_key, training=None):
        image = normalize_image(frame)

        def buffered(path):
            x = subsample(path.features(image, training), self.stride)
            parts = {
                "keys": path.key(x, training=training),
                "values": self._value(path, x, training),
            }
            if "queries" in state:
                parts["queries"] = path.query(x, training=training)
            return parts

        return self._push(state, self._on_path(state, buffered))

    def segment(self, frame, state, is_key, training=None):
        image = normalize_image(frame)

        def scored(path):
            x = path.features(image, training)
            query = path.query(x, training=training)
            value = self._value(path, x, training)
            context = self._with_context(path, query, value, state, training)
            parts = {
                "scores": path.scores(context, training),
                "keys": path.key(subsample(x, self.stride), training=training),
                "values": subsample(value, self.stride),
            }
            if "queries" in state:
                parts["queries"] = subsample(query, self.stride)
            return parts

        parts = self._on_path(state, scored)
        return parts.pop("scores"), None, self._push(state, parts)

    def upsample(self, scores, size, frame_size=None):
        return resize_bilinear(
            scores, size, align_corners=True, frame_size=frame_size
        )

    # === Paths and buffer ===

    def _value(self, path, x, training):
        """In the model's type: those of other frames are added to it."""
        value = path.value(x, training=training)
        return ops.cast(value, self.compute_dtype)

    def _on_path(self, state, function):
        """`function(path)` of the path whose turn it is."""
        return choose(
            _first(state["phase"]),
            [lambda path=path: function(path) for path in self.paths],
        )

    def _with_context(self, path, query, value, state, training):
        """Values of the frame with what the buffered frames add to them."""
        others = len(self.paths) - 1
        lengths = range(others + 1)
        index = _first(state["buffered_frames"])
        if self.warm_up == "skip":
            lengths, index = (0, others), index // others

        def joined(frames):
            if not frames:
                return value
            return value + path.propagate(query, state, frames, training)

        return choose(index, [lambda n=n: joined(n) for n in lengths])

    def _push(self, state, parts):
        """The state when the oldest frame has made room for a new one."""
        count = state["buffered_frames"] + 1
        others = len(self.paths) - 1
        minimum = min if isinstance(count, int) else ops.minimum
        return {
            "phase": (state["phase"] + 1) % len(self.paths),
            "buffered_frames": minimum(count, others),
            **{
                name: ops.concatenate(
                    [state[name][:, 1:], ops.expand_dims(part, 1)], axis=1
                )
                for name, part in parts.items()
            },
        }

    # === Cost ===

    def multiply_adds(self, height, width):
        """The cost with a full buffer; see `VideoSegmenter.multiply_adds`.

        Attention counts its products, which the others don't have.
        """
        image = (1, height, width, 3)
        total = self.paths[0].multiply_adds(image, self.stride)
        return {"key": total, "non_key": total}


def _first(value):
    """Of a batch, whose streams run in step."""
    return value if isinstance(value, int) else value[0]
