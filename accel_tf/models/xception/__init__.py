"""Xception in the form of DeepLab."""

from accel_tf.models.xception.xception import Xception

__all__ = ["Xception"]
