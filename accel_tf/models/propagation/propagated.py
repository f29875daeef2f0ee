"""Any per-frame model on key frames, carried on along the flow."""

import keras
from keras import ops

from accel_tf.models.cost import count_warp
from accel_tf.models.propagation.motion import find_motion
from accel_tf.models.propagation.trusted_fusion import TrustedFusion
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.ops import warp
from accel_tf.ops.resample import resample, resample_flow


@keras.saving.register_keras_serializable(package="accel_tf")
class Propagated(VideoSegmenter):
    """A per-frame segmenter that looks at key frames only.

    What Deep Feature Flow and Accel are for their networks, for any model:
    on key frames the given segmenter decides; between them its scores are
    moved along the optical flow, and, if there is an update branch, a light
    segmenter that looks at the current frame corrects them where the flow
    is not to be trusted.

    The flows between neighbours are put together to the flow from the key
    frame, along which the key frame's scores are moved once: they are not
    blurred again with every frame, as in Deep Feature Flow.

    State: `observed`, the last frame as the flow estimator remembers it;
    `carried` `[B, h, w, C]`, what the key frame gave: its scores, or the
    features that the segmenter is split at; `flow` `[B, m, n, 2]`, (dx, dy)
    from the last frame to the key frame, on the grid of the scores, or one
    of every second pixel where scores are as fine as pixels; `trust`
    `[B, m, n, 1]`, 0..1, how far that flow is to be trusted: the product of
    `photometric_trust` along it, 1 on key frames.

    Args:
        segmenter: a `VideoSegmenter` without key frames and without state.
        flow: a `FlowNetwork` or `DenseInverseSearch`.
        update: light `VideoSegmenter` of the same classes, without key
            frames and without state; `None` for none.
        smooth: 0..1, how much of the carried scores a key frame keeps, times
            their trust; it softens the change from one key frame to the
            next.
        split: name of a layer of the segmenter; its output is carried and
            what comes after it runs on every frame. `None` carries scores.
        dtype, name: as in `VideoSegmenter`; classes and label map are the
            segmenter's.

    Raises:
        ValueError: if the parts do not fit together.
    """

    uses_key_frames = True

    def __init__(
        self, segmenter, flow, update=None, smooth=0.0, split=None, **kwargs
    ):
        check_per_frame(segmenter, "propagated or smoothed")
        kwargs.setdefault("name", f"{segmenter.name}_propagated")
        kwargs.setdefault("trained_size", segmenter.trained_size)
        super().__init__(
            segmenter.num_classes, label_map=segmenter.label_map, **kwargs
        )
        check_share(smooth, "smooth")
        self.smooth = float(smooth)
        self.split = split
        self.segmenter = segmenter
        self.flow_network = flow
        self.update = update
        self.fusion = None
        self._parts = segmenter.split_at(split) if split else None
        self._shapes = {}
        if update is not None:
            check_per_frame(update, "an update branch")
            if update.num_classes != segmenter.num_classes:
                raise ValueError(
                    f"the update branch {update.name} has "
                    f"{update.num_classes} classes, {segmenter.name} has "
                    f"{segmenter.num_classes}."
                )
            self.fusion = TrustedFusion(
                segmenter.num_classes,
                dtype=self.dtype_policy,
                name="fusion",
            )
        self.built = True

    # === The contract ===

    @property
    def output_stride(self):
        return self.segmenter.output_stride

    @property
    def runs_on_host(self):
        parts = [self.segmenter, self.flow_network, self.update]
        return any(part.runs_on_host for part in parts if part is not None)

    @property
    def key_frames_ask_state(self):
        return self.uses_key_frames and self.smooth > 0

    def upsample(self, scores, size, frame_size=None):
        return self.segmenter.upsample(scores, size, frame_size)

    @property
    def least_side(self):
        return self.segmenter.least_side

    def initial_state(self, batch_size, height, width):
        observed, kind = self.flow_network.observed_shape(height, width)
        carried = self._carried_shape(batch_size, height, width)
        grid = (batch_size, *self._grid_size(carried[1:3]))
        return {
            "observed": ops.zeros((batch_size, *observed), kind),
            "carried": ops.zeros(carried, "float32"),
            "flow": ops.zeros((*grid, 2), "float32"),
            # None, so that the first frame is not mixed with zeros.
            "trust": ops.zeros((*grid, 1), "float32"),
        }

    def advance(self, frame, state, is_key, training=None):
        observed = self.flow_network.observe(frame)
        if not self._looks(is_key):
            flow, trust = self._follow(observed, state, training)
            carried = state["carried"]
            return self._state(observed, carried, flow, trust)
        carried = self._look(frame, training)
        if self.smooth:
            flow, trust = self._follow(observed, state, training)
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
        return self._state(
            observed,
            carried,
            ops.concatenate([still, still], axis=-1),
            still + 1.0,
        )

    def score(self, frame, state, is_key, training=None):
        carried = state["carried"]
        is_key = self._looks(is_key)
        if not is_key:
            carried = self._moved(carried, state["flow"])
        scores = self._finish(carried, frame, training)
        if is_key or self.update is None:
            return scores, None
        update, bias, _ = self.update.segment(frame, {}, True, training)
        if bias is not None:
            update = update + bias
        update = resample(
            ops.cast(update, "float32"),
            self.update.output_stride,
            self.output_stride,
            ops.shape(scores)[1:3],
        )
        trust = self._on_grid(state["trust"], scores, self.output_stride)
        return self.fusion([scores, update, trust]), None

    # === Parts of it ===

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
        if self._parts is not None:
            features = self._parts.features(frame, training)
            return ops.cast(features, "float32")
        scores, bias, _ = self.segmenter.segment(frame, {}, True, training)
        scores = ops.cast(scores, "float32")
        return scores if bias is None else scores + ops.cast(bias, "float32")

    def _finish(self, carried, frame, training):
        """Scores, from what was carried."""
        if self._parts is None:
            return carried
        size = ops.shape(frame)[1:3]
        scores = self._parts.scores(carried, size, training)
        return ops.cast(scores, "float32")

    @property
    def _grid_stride(self):
        """Of flow and trust: that of full resolution tells nothing more."""
        return max(self._carried_stride, 2)

    @property
    def _carried_stride(self):
        if self._parts is not None:
            return self._parts.stride
        return self.output_stride

    def _grid_size(self, size):
        """Of flow and trust, for what is carried of `(height, width)`."""
        stride = self._grid_stride
        return [-(-side * self._carried_stride // stride) for side in size]

    def _on_grid(self, trust, scores, stride):
        """Trust on the grid of the scores, or of what is carried."""
        size = ops.shape(scores)[1:3]
        return resample(trust, self._grid_stride, stride, size)

    def _moved(self, carried, flow):
        """What was carried, moved along the flow from the key frame."""
        flow = resample_flow(
            flow,
            self._grid_stride,
            self._carried_stride,
            ops.shape(carried)[1:3],
        )
        return warp(carried, flow, border="clamp")

    def _follow(self, observed, state, training):
        """Flow to the key frame, and trust in it, one frame further."""
        flow, trust = find_motion(
            self.flow_network,
            observed,
            state["observed"],
            self._grid_stride,
            ops.shape(state["flow"])[1:3],
            training,
        )
        before = ops.concatenate([state["flow"], state["trust"]], axis=-1)
        before = warp(before, flow, border="clamp")
        return flow + before[..., :2], trust * before[..., 2:]

    def _carried_shape(self, batch_size, height, width):
        """Shape of what is carried for frames of a size."""
        find = self.segmenter.scores_shape
        if self._parts is not None:
            find = self._parts.shape
        if not isinstance(height, int) or not isinstance(width, int):
            return find(batch_size, height, width)
        # To find it the model is traced, which a stream that starts anew
        # should not wait for.
        size = (height, width)
        if size not in self._shapes:
            self._shapes[size] = find(1, *size)[1:]
        return (batch_size, *self._shapes[size])

    def motion_multiply_adds(self, height, width):
        """Of finding the flow and moving along it what is carried."""
        shape = self._carried_shape(1, height, width)
        return (
            self.flow_network.multiply_adds(height, width)
            + count_warp(shape)
            + count_warp((*shape[:1], *self._grid_size(shape[1:3]), 3))
        )

    def multiply_adds(self, height, width):
        key = self.segmenter.multiply_adds(height, width)["key"]
        non_key = self.motion_multiply_adds(height, width)
        if self.smooth and key is not None:
            key += non_key
        if self._parts is not None:
            non_key += self._parts.multiply_adds(height, width)
        if self.update is not None:
            scores = self.segmenter.scores_shape(1, height, width)
            non_key += self.update.multiply_adds(height, width)["key"]
            non_key += self.fusion.multiply_adds(scores)
        return {"key": key, "non_key": non_key}

    def fused(self):
        from accel_tf.models.propagation.fused_propagated import (
            FusedPropagated,
        )

        return FusedPropagated(self)

    # === Config ===

    def get_config(self):
        config = super().get_config()
        # Both are the segmenter's.
        del config["num_classes"], config["label_map"]
        update = self.update and self.serialize_network(self.update)
        return {
            **config,
            "segmenter": self.serialize_network(self.segmenter),
            "flow": self.serialize_network(self.flow_network),
            "update": update,
            "smooth": self.smooth,
            "split": self.split,
        }


def check_per_frame(segmenter, purpose):
    """Raises `ValueError` unless frames are segmented one by one."""
    if not isinstance(segmenter, VideoSegmenter):
        raise ValueError(
            f"only a VideoSegmenter can be {purpose}, not a "
            f"{type(segmenter).__name__}; accel_tf.per_frame makes one of "
            "any Keras model."
        )
    if segmenter.uses_key_frames or segmenter.initial_state(1, 64, 64):
        raise ValueError(
            f"only a per-frame model can be {purpose}, such as deeplab_tiny; "
            f"{segmenter.name} remembers frames."
        )


def check_share(value, name):
    """Raises `ValueError` unless a number is from 0 to below 1."""
    if not isinstance(value, int | float) or not 0 <= value < 1:
        raise ValueError(
            f"{name} must be from 0 to below 1, such as 0.5, not {value!r}."
        )
