"""The labels of `train_streets`: 19 Cityscapes classes on real frames.

Two sources, neither of which is enough: CamVid's own labels are good but have
11 classes, and those of a network that was trained on Cityscapes have all 19
but are often wrong on frames of other cameras.
"""

import dataclasses

import cv2
import numpy as np

from accel_tf.data.label_maps import CAMVID_11, CITYSCAPES, IGNORE

# Of each CamVid class: the Cityscapes classes that refine it, and the one it
# is where the network sees none of these. `None`: it could be several.
_REFINED = {
    "sky": (("sky",), "sky"),
    "building": (("building", "wall"), "building"),
    "pole": (("pole",), "pole"),
    "road": (("road",), "road"),
    "pavement": (("sidewalk",), "sidewalk"),
    "tree": (("vegetation", "terrain"), "vegetation"),
    # Shop signs too, which are buildings in Cityscapes.
    "sign": (("traffic sign", "traffic light"), None),
    "fence": (("fence", "wall"), "fence"),
    "car": (("car", "truck", "bus"), "car"),
    "pedestrian": (("person", "rider"), "person"),
    "bicyclist": (("rider", "bicycle", "motorcycle"), None),
}
_GROUND = ("road", "sidewalk")
_VEHICLES = ("car", "truck", "bus", "train", "motorcycle", "bicycle")


@dataclasses.dataclass(frozen=True)
class VideoRules:
    """What is known of a video, by which wrong labels are found.

    Attributes:
        every: one of so many frames has a label.
        held_out: so many frames at the end are not trained on.
        horizon: where it is, as a share of the frame's height; the camera is
            mounted firmly. Ground above it is no ground.
        largest_vehicle: connected vehicle pixels that are a greater share of
            the frame are none.
        absent: classes of which there is nothing in the video.
    """

    every: int = 4
    held_out: int = 0
    horizon: float = 0.0
    largest_vehicle: float = 1.0
    absent: tuple[str, ...] = ()


_ON_FOOT = ("person", "rider", "bicycle", "motorcycle", "train", "sidewalk")
RULES = {
    # The network calls hazy hills road, and verges sidewalk.
    "dashcam": VideoRules(horizon=0.54, largest_vehicle=0.05, absent=_ON_FOOT),
    # It also calls most of the road a car, and bushes persons.
    "highway": VideoRules(
        every=8,
        held_out=100,
        horizon=0.56,
        largest_vehicle=0.004,
        absent=_ON_FOOT,
    ),
}
"""Of the videos that were looked at; others get `VideoRules()`."""


def merge_camvid(truth, network):
    """CamVid's labels in Cityscapes' classes, refined by a network's.

    Args:
        truth: uint8 `[H, W]`, indices of `CAMVID_11`; others are ignored.
        network: uint8 `[H, W]`, indices of `CITYSCAPES`, 255 where unsure.

    Returns:
        uint8 `[H, W]`, indices of `CITYSCAPES`: where truth says nothing the
        network's; where they agree the finer one; else the truth's class if
        it is one in Cityscapes, or 255.
    """
    labels = network.copy()
    for index, name in enumerate(CAMVID_11.names):
        finer, coarse = _REFINED[name]
        here = truth == index
        agree = np.isin(network, _indices(finer))
        other = IGNORE if coarse is None else CITYSCAPES.names.index(coarse)
        labels[here & ~agree] = other
    return labels


def clean_video(labels, rules):
    """Drops labels of a network that what is known of a video rules out.

    Args:
        labels: uint8 `[H, W]`, indices of `CITYSCAPES`.
        rules: `VideoRules`.

    Returns:
        uint8 `[H, W]`, 255 where dropped.
    """
    labels = labels.copy()
    labels[np.isin(labels, _indices(rules.absent))] = IGNORE
    above = labels[: round(rules.horizon * len(labels))]
    above[np.isin(above, _indices(_GROUND))] = IGNORE
    vehicles = np.isin(labels, _indices(_VEHICLES)).astype(np.uint8)
    # What lies between pieces of a "car" that is none belongs to it as well.
    joined = cv2.morphologyEx(vehicles, cv2.MORPH_CLOSE, np.ones((9, 9)))
    _, parts, facts, _ = cv2.connectedComponentsWithStats(joined)
    large = facts[:, cv2.CC_STAT_AREA] > rules.largest_vehicle * labels.size
    large[0] = False  # the rest of the frame
    labels[large[parts] & (vehicles > 0)] = IGNORE
    return _without_specks(labels)


def _without_specks(labels, share=1e-4):
    """Ignores connected pixels of one class that are hardly any."""
    for index in np.setdiff1d(labels, [IGNORE]):
        _, parts, facts, _ = cv2.connectedComponentsWithStats(
            (labels == index).astype(np.uint8)
        )
        small = facts[:, cv2.CC_STAT_AREA] < share * labels.size
        small[0] = False
        labels[small[parts]] = IGNORE
    return labels


def _indices(names):
    return [CITYSCAPES.names.index(name) for name in names]
