"""FlyingChairs, image pairs with true flow; importing registers it."""

from accel_tf.datasets.flying_chairs.flying_chairs_dataset_builder import (
    FlyingChairs,
)

__all__ = ["FlyingChairs"]
