"""What propagation computes, whatever its parts are."""

from keras import ops

from accel_tf.models.blending import (
    SHOWN,
    first_shown,
    next_shown,
    nothing_shown,
    with_offset,
)
from accel_tf.models.cost import count_warp
from accel_tf.models.motion import find_motion, needs_flow_back
from accel_tf.models.propagation.carried_grid import CarriedGrid
from accel_tf.models.signal_names import (
    DISAGREEMENT,
    MOTION,
    RESIDUAL,
    TRUST,
)
from accel_tf.models.signals import disagreement, flow_signals
from accel_tf.ops import warp
from accel_tf.ops.resample import resample, resample_flow


class PropagatedStep(CarriedGrid):
    """What `Propagated` computes with its parts.

    They are `segmenter`, `flow_network`, `update`, `fusion`, `smooth`,
    `blend`, `trust_kind`, one of `TRUSTS`, and `split_parts`, the `Split` of
    the segmenter or `None`.
    """

    uses_key_frames = True

    @property
    def runs_on_host(self):
        parts = [self.segmenter, self.flow_network, self.update]
        return any(part.runs_on_host for part in parts if part is not None)

    @property
    def signals(self):
        if not self.uses_key_frames:
            return ()
        update = () if self.update is None else (DISAGREEMENT,)
        return (MOTION, RESIDUAL, TRUST, *update)

    @property
    def key_frames_ask_state(self):
        return self.uses_key_frames and (self.smooth > 0 or self.blend > 0)

    def upsample(self, scores, size, frame_size=None):
        return self.segmenter.upsample(scores, size, frame_size)

    @property
    def least_side(self):
        return self.segmenter.least_side

    def initial_state(self, batch_size, height, width):
        observed, kind = self.flow_network.observed_shape(height, width)
        carried = self._carried_shape(batch_size, height, width)
        grid = (batch_size, *self._grid_size(carried[1:3]))
        state = {
            "observed": ops.zeros((batch_size, *observed), kind),
            "carried": ops.zeros(carried, "float32"),
            "flow": ops.zeros((*grid, 2), "float32"),
            # None, so that the first frame is not mixed with zeros.
            "trust": ops.zeros((*grid, 1), "float32"),
        }
        if self.blend:
            shape = self._scores_shape(batch_size, height, width)
            state |= nothing_shown(shape)
        return state

    def advance(self, frame, state, is_key, training=None):
        if self.blend:
            # What was shown is a part of the state.
            return self.segment(frame, state, is_key, training)[-1]
        return self._advance(frame, state, is_key, training)[0]

    def score(self, frame, state, is_key, training=None):
        scores = self._decide(frame, state, is_key, training)
        return (with_offset(scores, state) if self.blend else scores), None

    def segment(self, frame, state, is_key, training=None):
        after, motion = self._advance(frame, state, is_key, training)
        scores = self._decide(frame, after, is_key, training)
        return self._blended(scores, state, after, motion, is_key)

    def segment_between(self, frame, state, names):
        observed = self.flow_network.observe(frame)
        after, motion = self._carry(observed, state)
        signals = flow_signals(
            names,
            self.flow_network,
            (observed, state["observed"]),
            motion[0],
            self._grid_stride,
            ops.shape(frame)[1:3],
        )
        if TRUST in names:
            signals[TRUST] = ops.mean(after["trust"], axis=(1, 2, 3))
        carried = self._moved(after["carried"], after["flow"])
        scores = self._finish(carried, frame, None)
        if self.update is not None:
            update = self._update_scores(frame, scores)
            if DISAGREEMENT in names:
                signals[DISAGREEMENT] = disagreement(scores, update)
            scores = self._fused(scores, update, after["trust"])
        shown = self._blended(scores, state, after, motion, is_key=False)
        return *shown, signals

    # === Parts of it ===

    def _advance(self, frame, state, is_key, training):
        """The state but for what `blend` adds, and the motion or `None`."""
        observed = self.flow_network.observe(frame)
        if not self._looks(is_key):
            return self._carry(observed, state, training)
        carried, motion = self._look(frame, training), None
        if state and (self.smooth or self.blend):
            motion = self._find_motion(observed, state, training)
        if motion and self.smooth:
            flow, trust = self._follow(state, motion)
            # The state before the first frame may be larger by a row.
            before = resample(
                self._moved(state["carried"], flow),
                self._carried_stride,
                self._carried_stride,
                ops.shape(carried)[1:3],
            )
            weight = self.smooth * self._on_grid(
                trust, carried, self._carried_stride
            )
            carried = carried * (1 - weight) + before * weight
        # Made of what comes in: converters lose outputs that are constants.
        step = self._grid_stride // self._carried_stride
        still = 0.0 * carried[:, ::step, ::step, :1]
        flow = ops.concatenate([still, still], axis=-1)
        return self._state(observed, carried, flow, still + 1.0), motion

    def _decide(self, frame, state, is_key, training):
        """Scores of the frame as it is, before any blending."""
        carried = state["carried"]
        is_key = self._looks(is_key)
        if not is_key:
            carried = self._moved(carried, state["flow"])
        scores = self._finish(carried, frame, training)
        if is_key or self.update is None:
            return scores
        update = self._update_scores(frame, scores, training)
        return self._fused(scores, update, state["trust"])

    def _carry(self, observed, state, training=None):
        """What is carried, one frame further, and the motion."""
        motion = self._find_motion(observed, state, training)
        flow, trust = self._follow(state, motion)
        return self._state(observed, state["carried"], flow, trust), motion

    def _blended(self, scores, before, after, motion, is_key):
        """What `segment` gives, from what the frame alone gives."""
        if not self.blend:
            return scores, None, after
        if not before:
            return scores, None, {**after, **first_shown(scores)}
        flow, trust = motion
        size = ops.shape(scores)[1:3]
        after = after | next_shown(
            scores,
            before,
            resample_flow(flow, self._grid_stride, self.output_stride, size),
            self._on_grid(trust, scores, self.output_stride),
            is_key,
            self.blend,
        )
        return after[SHOWN], None, after

    def _update_scores(self, frame, scores, training=None):
        """Those of the update branch, on the grid of the carried ones."""
        update, bias, _ = self.update.segment(frame, {}, True, training)
        if bias is not None:
            update = update + bias
        return resample(
            ops.cast(update, "float32"),
            self.update.output_stride,
            self.output_stride,
            ops.shape(scores)[1:3],
        )

    def _fused(self, scores, update, trust):
        trust = self._on_grid(trust, scores, self.output_stride)
        return self.fusion([scores, update, trust])

    @staticmethod
    def _state(observed, carried, flow, trust):
        return {
            "observed": observed,
            "carried": carried,
            "flow": flow,
            "trust": trust,
        }

    def _looks(self, is_key):
        """Whether the segmenter looks at a frame."""
        return is_key or not self.uses_key_frames

    def _look(self, frame, training):
        """What the segmenter has to say of a key frame, to be carried."""
        if self.split_parts is not None:
            features = self.split_parts.features(frame, training)
            return ops.cast(features, "float32")
        scores, bias, _ = self.segmenter.segment(frame, {}, True, training)
        scores = ops.cast(scores, "float32")
        return scores if bias is None else scores + ops.cast(bias, "float32")

    def _finish(self, carried, frame, training):
        """Scores, from what was carried."""
        if self.split_parts is None:
            return carried
        size = ops.shape(frame)[1:3]
        scores = self.split_parts.scores(carried, size, training)
        return ops.cast(scores, "float32")

    def _find_motion(self, observed, state, training):
        """Flow to the frame before, and trust in it, on a grid of its own."""
        return find_motion(
            self.flow_network,
            observed,
            state["observed"],
            self._grid_stride,
            ops.shape(state["flow"])[1:3],
            self.trust_kind,
            training,
        )

    def _follow(self, state, motion):
        """Flow to the key frame, and trust in it."""
        flow, trust = motion
        before = ops.concatenate([state["flow"], state["trust"]], axis=-1)
        before = warp(before, flow, border="clamp")
        return flow + before[..., :2], trust * before[..., 2:]

    def motion_multiply_adds(self, height, width):
        """Of finding the flow and moving along it what is carried."""
        shape = self._carried_shape(1, height, width)
        flow = self.flow_network.multiply_adds(height, width)
        if needs_flow_back(self.trust_kind):
            stride = self.flow_network.output_stride
            sides = (-(-side // stride) for side in (height, width))
            flow = 2 * flow + count_warp((*sides, 2))
        return (
            flow
            + count_warp(shape)
            + count_warp((*shape[:1], *self._grid_size(shape[1:3]), 3))
        )

    def multiply_adds(self, height, width):
        key = self.segmenter.multiply_adds(height, width)["key"]
        non_key = self.motion_multiply_adds(height, width)
        blending = 0
        if self.blend:
            blending = count_warp(self._scores_shape(1, height, width))
        if key is not None:
            if self.smooth or self.blend:
                key += non_key
            key += blending
        non_key += blending
        if self.split_parts is not None:
            non_key += self.split_parts.multiply_adds(height, width)
        if self.update is not None:
            scores = self.segmenter.scores_shape(1, height, width)
            update = self.update.multiply_adds(height, width)["key"]
            non_key += self.fusion.multiply_adds(scores)
            # Of functions and foreign files nobody knows it.
            non_key = None if update is None else non_key + update
        return {"key": key, "non_key": non_key if self.uses_key_frames else key}
