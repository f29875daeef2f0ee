"""Steady labels: scores averaged along the optical flow."""

import keras

from accel_tf.models.propagation.propagated import Propagated, check_share


@keras.saving.register_keras_serializable(package="accel_tf")
class Smoothed(Propagated):
    """A per-frame segmenter whose scores are averaged over time.

    The segmenter looks at every frame; its scores are mixed with those of
    the frame before, moved along the flow. Where the flow is not to be
    trusted the scores before count less, or not at all, so that what appears
    is seen at once.

    State: as of `Propagated`, with the averaged scores as `carried`.

    Args:
        segmenter: a `VideoSegmenter` without key frames and without state.
        flow: a `FlowNetwork` or `DenseInverseSearch`.
        smooth: 0..1, how much of the scores before is kept where the flow
            is trusted; 0.5 averages about three frames, 0.8 about nine.
        trust: as of `Propagated`.
        dtype, name: as in `VideoSegmenter`.

    Raises:
        ValueError: if the parts do not fit together.
    """

    uses_key_frames = False

    def __init__(self, segmenter, flow, smooth=0.8, **kwargs):
        kwargs.setdefault("name", f"{segmenter.name}_smoothed")
        check_share(smooth, "smooth")
        super().__init__(segmenter, flow, smooth=smooth, **kwargs)

    def get_config(self):
        config = super().get_config()
        del config["update"], config["split"], config["blend"]
        return config
