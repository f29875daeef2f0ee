"""Something-Something v1 and v2; importing registers the builder."""

from accel_tf.datasets.something_something.something_something_dataset_builder import (  # noqa: E501
    SomethingSomething,
    SomethingSomethingConfig,
)

__all__ = ["SomethingSomething", "SomethingSomethingConfig"]
