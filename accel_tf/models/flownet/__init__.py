"""Optical flow networks."""

from accel_tf.models.flownet.flownet_s import FlowNetS, flow_image

__all__ = ["FlowNetS", "flow_image"]
