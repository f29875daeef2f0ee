"""Flow networks of other sizes than the published one."""

from accel_tf.models.flownet.flownet_s import FlowNetS
from accel_tf.models.flownet.lucas_kanade_net import LucasKanadeNet


def tiny_flow_network(**kwargs):
    """The flow network of the tiny presets; stride 8."""
    return FlowNetS(
        filters=(12, 24, 32, 48, 48, 64),
        decoder_filters=(32, 32, 24, 16),
        output_stride=8,
        **kwargs,
    )


FLOW_NETWORKS = {"small": LucasKanadeNet}
"""Name -> flow network that is in no segmenter's preset."""
