"""VoV3D's presets: name -> (description, constructor)."""

from accel_tf.data.frame_steps import UNKNOWN, published_step
from accel_tf.models.vov3d.vov3d_backbone import VoV3DBackbone
from accel_tf.models.x3d.architecture import NAMES, Architecture
from accel_tf.models.x3d.backbone_classifier import BackboneClassifier


def _vov3d(name, blocks, inner_filters, units=5, **defaults):
    stem_filters = inner_filters // 2
    NAMES[Architecture(blocks, stem_filters, inner_filters, units)] = name
    return lambda num_classes, **kwargs: BackboneClassifier(
        VoV3DBackbone(blocks, inner_filters, units, name="backbone"),
        num_classes,
        **{"frame_step": published_step(num_classes), **defaults, **kwargs},
    )


vov3d_presets = {
    "vov3d_m": (
        "Clip classifier VoV3D-M",
        _vov3d("vov3d_m", (1, 2, 3, 2), 40),
    ),
    "vov3d_l": (
        "Clip classifier VoV3D-L",
        _vov3d("vov3d_l", (1, 2, 5, 3), 48),
    ),
    "vov3d_m_v1": (
        "Clip classifier VoV3D-M as first published",
        _vov3d("vov3d_m_v1", (1, 1, 2, 2), 48, units=4),
    ),
    "vov3d_tiny": (
        "Clip classifier that trains on a processor, for 64x64 pixels",
        _vov3d(
            "vov3d_tiny",
            (1, 1, 1, 1),
            16,
            units=3,
            hidden=256,
            frames=8,
            crop_size=64,
            frame_step=UNKNOWN,  # nobody has published weights
        ),
    ),
}
