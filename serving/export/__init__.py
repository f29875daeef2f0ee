"""SavedModels of video models, as TensorFlow Serving takes them."""

from accel_tf.serving.export.saved_model import export_saved_model

__all__ = ["export_saved_model"]
