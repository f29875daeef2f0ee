"""PSPNet: pyramid scene parsing, frame by frame."""

from accel_tf.models.image_normalization import normalize_image
from accel_tf.models.pspnet import fused_pspnet  # noqa: F401 (registers itself)
from accel_tf.models.pspnet.dilated_resnet import DilatedResNet
from accel_tf.models.pspnet.pspnet import PSPNet
from accel_tf.models.pspnet.pyramid_pooling import PyramidPooling

__all__ = ["DilatedResNet", "PSPNet", "PyramidPooling", "normalize_image"]
