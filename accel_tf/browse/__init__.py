"""A contact sheet and a page of a data set, with what is odd about it."""

from accel_tf.lazy import lazy_names

__all__ = ["browse"]
__getattr__, __dir__ = lazy_names(
    "accel_tf.browse", {"browse": "accel_tf.browse.overview"}
)
