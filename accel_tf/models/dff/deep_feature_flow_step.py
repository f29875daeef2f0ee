"""What Deep Feature Flow computes, whatever its parts are."""

from keras import ops

from accel_tf.models.blending import (
    first_shown,
    next_shown,
    nothing_shown,
    with_offset,
)
from accel_tf.models.cost import (
    count_multiply_adds,
    count_upsampling,
    count_warp,
)
from accel_tf.models.image_normalization import subtract_mean
from accel_tf.models.motion import seen_trust
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.models.signal_names import MOTION, RESIDUAL
from accel_tf.models.signals import flow_signals
from accel_tf.ops import warp
from accel_tf.ops.resample import resample, resample_flow


class DeepFeatureFlowStep(VideoSegmenter):
    """What `DeepFeatureFlow` computes with its three networks.

    They are `reference_backbone`, `flow_network` and `reference_head`.
    A subclass has its own `decide`, and `look` where that shares work.
    """

    uses_key_frames = True
    least_side = 3  # the residual networks' pooling
    signals = (MOTION, RESIDUAL)

    @property
    def output_stride(self):
        return self.reference_backbone.output_stride

    @property
    def key_frames_ask_state(self):
        return self.blend > 0

    def initial_state(self, batch_size, height, width):
        _, *features = self.reference_backbone.compute_output_shape(
            (None, height, width, 3)
        )
        observed, kind = self.flow_network.observed_shape(height, width)
        dtype = self.reference_backbone.compute_dtype
        state = {
            "features": ops.zeros((batch_size, *features), dtype),
            "flow_image": ops.zeros((batch_size, *observed), kind),
        }
        if self.blend:
            shape = (batch_size, *features[:2], self.num_classes)
            state |= nothing_shown(shape)
        return state

    def advance(self, frame, state, is_key, training=None):
        if self.blend:
            # What was shown is a part of the state.
            return self.segment(frame, state, is_key, training)[-1]
        if is_key:
            return self.look(frame, training)
        return self._follow(frame, state, training)[0]

    def score(self, frame, state, is_key, training=None):
        scores, bias = self.decide(frame, state, is_key, training)
        return (with_offset(scores, state) if self.blend else scores), bias

    def segment(self, frame, state, is_key, training=None):
        flow = None
        if is_key:
            scores, bias, after = self.decide_key(frame, training)
        else:
            after, flow = self._follow(frame, state, training)
            scores, bias = self.decide(frame, after, False, training)
        return self._blended(scores, bias, state, after, flow, training)

    def segment_between(self, frame, state, names):
        after, flow = self._follow(frame, state)
        signals = flow_signals(
            names,
            self.flow_network,
            (after["flow_image"], state["flow_image"]),
            flow,
            self.flow_network.output_stride,
            ops.shape(frame)[1:3],
        )
        scores, bias = self.decide_between(frame, after, names, signals)
        return *self._blended(scores, bias, state, after, flow), signals

    # === Parts of it ===

    def look(self, frame, training=None):
        """What of a key frame is carried on: the state without `blend`."""
        features = self.reference_backbone(
            subtract_mean(frame), training=training
        )
        observed = self.flow_network.observe(frame)
        return {"features": features, "flow_image": observed}

    def decide(self, frame, state, is_key, training=None):
        """`score` of the frame as it is, before any blending."""
        features = state["features"]
        return self.reference_head(features, training=training), None

    def decide_key(self, frame, training=None):
        """`look` and `decide` on a key frame: `(scores, bias, state)`."""
        state = self.look(frame, training)
        return *self.decide(frame, state, True, training), state

    def decide_between(self, frame, state, names, signals):
        """`decide`, which may add to the signals."""
        return self.decide(frame, state, False)

    def _follow(self, frame, state, training=None):
        """What is carried, one frame further, and the flow from there."""
        observed = self.flow_network.observe(frame)
        flow = self.flow_network(
            [observed, state["flow_image"]], training=training
        )
        features = self.warp_features(state["features"], flow)
        return {"features": features, "flow_image": observed}, flow

    def warp_features(self, features, flow):
        """The features of the frame before, moved to where they are now."""
        size = ops.shape(features)[1:3]
        return warp(features, self._on_grid(flow, size))

    def _on_grid(self, flow, size):
        """Flow on the grid of the features."""
        strides = self.flow_network.output_stride, self.output_stride
        if strides[0] != strides[1]:
            flow = resample_flow(flow, *strides, size)
        return flow[:, : size[0], : size[1]]

    def _blended(self, scores, bias, before, after, flow, training=None):
        """What `segment` gives, from what the frame alone gives.

        Args:
            flow: to the frame before; `None` on a key frame.
        """
        if not self.blend:
            return scores, bias, after
        alone = ops.cast(scores, "float32")
        if bias is not None:
            alone = alone + ops.cast(bias, "float32")
        after = {**after, **self._shown(alone, before, after, flow, training)}
        return with_offset(scores, after), bias, after

    def _shown(self, scores, before, after, flow, training):
        size = ops.shape(after["features"])[1:3]
        # Branches may give a row or column more than there are features.
        scores = resample(scores, 1, 1, size)
        if not before:
            return first_shown(scores)
        is_key = flow is None
        images = after["flow_image"], before["flow_image"]
        if is_key:
            flow = self.flow_network(list(images), training=training)
        flow = ops.cast(flow, "float32")
        trust = seen_trust(
            self.flow_network, *images, flow, self.output_stride, size
        )
        flow = self._on_grid(flow, size)
        return next_shown(scores, before, flow, trust, is_key, self.blend)

    def multiply_adds(self, height, width):
        image = (1, height, width, 3)
        features = self.reference_backbone.compute_output_shape(image)
        scores = (*features[:3], self.num_classes)
        flow = self.flow_network.multiply_adds(height, width)
        head = count_multiply_adds(
            self.reference_head, features
        ) + count_upsampling(scores, self.output_stride)
        counts = {
            "key": count_multiply_adds(self.reference_backbone, image) + head,
            "non_key": flow + count_warp(features) + head,
        }
        return self._with_blending(counts, scores, flow)

    def _with_blending(self, counts, scores_shape, flow):
        """`multiply_adds`, of which only `blend` is missing."""
        if self.blend:
            counts["key"] += flow + count_warp(scores_shape)
            counts["non_key"] += count_warp(scores_shape)
        return counts
