"""Any per-frame model on key frames, carried on along the flow."""

import keras

from accel_tf.models.blending import check_blend
from accel_tf.models.motion import PHOTOMETRIC, TRUSTS
from accel_tf.models.propagation.propagated_step import PropagatedStep
from accel_tf.models.propagation.trusted_fusion import TrustedFusion
from accel_tf.models.segmenter import VideoSegmenter


@keras.saving.register_keras_serializable(package="accel_tf")
class Propagated(PropagatedStep):
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
    what `trust` found along it, 1 on key frames.

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
        trust: what tells where the flow is wrong: "photometric", the frame
            before, moved along it, looks otherwise; "forward-backward", the
            flow from the frame before leads elsewhere, which costs a second
            flow; or "both".
        blend: as of `DeepFeatureFlow`; the state then has `shown`, `offset`
            and `left`, too.
        dtype, name: as in `VideoSegmenter`; classes and label map are the
            segmenter's.

    Raises:
        ValueError: if the parts do not fit together.
    """

    def __init__(
        self,
        segmenter,
        flow,
        update=None,
        smooth=0.0,
        split=None,
        trust=PHOTOMETRIC,
        blend=0,
        **kwargs,
    ):
        check_per_frame(segmenter, "propagated or smoothed")
        kwargs.setdefault("name", f"{segmenter.name}_propagated")
        kwargs.setdefault("trained_size", segmenter.trained_size)
        super().__init__(
            segmenter.num_classes, label_map=segmenter.label_map, **kwargs
        )
        check_share(smooth, "smooth")
        check_blend(blend)
        if trust not in TRUSTS:
            raise ValueError(
                f"trust must be {', '.join(TRUSTS[:-1])} or {TRUSTS[-1]}, not "
                f"{trust!r}."
            )
        self.trust_kind = trust
        self.smooth = float(smooth)
        self.blend = blend
        self.split = split
        self.segmenter = segmenter
        self.flow_network = flow
        self.update = update
        self.fusion = None
        self.split_parts = segmenter.split_at(split) if split else None
        self.shapes = {}
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
            "trust": self.trust_kind,
            "blend": self.blend,
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
