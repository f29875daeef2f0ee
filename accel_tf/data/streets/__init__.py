"""Procedural street scenes: video with exact labels and exact optical flow.

A camera drives along an endless street of buildings, trees, poles, parked and
moving cars and pedestrians. Everything is drawn with numpy from a seed, so a
model can be trained and tested end to end without downloading anything.
"""

from accel_tf.data.streets.sequence import (
    StreetFrame,
    StreetSequence,
    street_sequence,
)
from accel_tf.data.streets.surfaces import CLASS_COLORS, CLASS_NAMES

__all__ = [
    "CLASS_COLORS",
    "CLASS_NAMES",
    "StreetFrame",
    "StreetSequence",
    "street_sequence",
]
