"""Accuracy of presets as their authors publish it."""

import typing


class Published(typing.NamedTuple):
    """What is published of a preset.

    Attributes:
        name: as the authors call it.
        family: the paper that it is of.
        mean_iou: on Cityscapes `val`, in percent.
        source: where that is written.
    """

    name: str
    family: str
    mean_iou: float
    source: str


_ACCEL = ("Accel, CVPR 2019", "SamvitJ/Accel, README: interval 5")
_PIDNET = ("PIDNet, CVPR 2023", "XuJiacong/PIDNet, README: val")
_DEEPLAB_V3 = (
    "DeepLabv3+, ECCV 2018",
    "tensorflow/models, research/deeplab, model zoo: stride 16, single scale",
)
_SEGFORMER = (
    "SegFormer, NeurIPS 2021",
    "open-mmlab/mmsegmentation, configs/segformer: single scale",
)


def _published(name, of, mean_iou):
    family, source = of
    return Published(name, family, mean_iou, source)


PUBLISHED = {
    "deeplab_101": _published("DeepLab-101", _ACCEL, 75.2),
    "deeplab_mobilenet_v2": _published(
        "DeepLabv3, MobileNetV2", _DEEPLAB_V3, 70.71
    ),
    "deeplab_xception_65": _published(
        "DeepLabv3+, Xception-65", _DEEPLAB_V3, 78.79
    ),
    "dff_101": _published("DFF-101", _ACCEL, 68.7),
    "accel_18": _published("Accel-18", _ACCEL, 72.1),
    "accel_34": _published("Accel-34", _ACCEL, 72.4),
    "accel_50": _published("Accel-50", _ACCEL, 74.2),
    "accel_101": _published("Accel-101", _ACCEL, 75.5),
    "pidnet_s": _published("PIDNet-S", _PIDNET, 78.8),
    "pidnet_m": _published("PIDNet-M", _PIDNET, 79.9),
    "pidnet_l": _published("PIDNet-L", _PIDNET, 80.9),
    **{
        f"hub:segformer_b{number}_cityscapes_1024": _published(
            f"SegFormer-B{number}", _SEGFORMER, mean_iou
        )
        for number, mean_iou in enumerate(
            (76.54, 78.56, 81.08, 81.94, 81.89, 82.25)
        )
    },
}
"""Preset -> `Published`, for those of which there is something."""


class PublishedTop1(typing.NamedTuple):
    """What is published of a clip classifier.

    Attributes:
        scores: in percent, of the data sets of `TOP_1_SETS`.
        source: where that is written.
    """

    scores: tuple
    source: str


TOP_1_SETS = (
    "Kinetics-400",
    "Something-Something v1",
    "Something-Something v2",
)

_VOV3D = "youngwanLEE/VoV3D, README: 16 frames"

PUBLISHED_TOP_1 = {
    "vov3d_m": PublishedTop1((74.7, 49.0, 63.6), _VOV3D),
    "vov3d_l": PublishedTop1((76.3, 49.5, 64.5), _VOV3D),
    "x3d_m": PublishedTop1((75.1, 46.4, 63.1), _VOV3D),
    "x3d_l": PublishedTop1((76.1, 47.1, 62.7), _VOV3D),
}
"""Classifier -> `PublishedTop1`, for those of which there is something."""
