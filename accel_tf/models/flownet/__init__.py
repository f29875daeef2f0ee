"""Optical flow networks."""

from accel_tf.models.flownet.flow_network import (
    FlowNetwork,
    flow_image,
    fold_flow_network,
)
from accel_tf.models.flownet.flownet_s import FlowNetS

__all__ = ["FlowNetS", "FlowNetwork", "flow_image", "fold_flow_network"]
