"""Which images of a folder are frames of one video, one after the other."""

import itertools
import re

import numpy as np

from accel_tf import optional
from accel_tf.data.images import decode_image
from accel_tf.datasets.video_folder.frame_numbers import frame_numbers
from accel_tf.files import natural_order

# Neighbours of a video differ less than this share of what distant frames
# do. At 15 frames per second of driving it is 0.16, at 3 0.33, and 0.5 for
# stills that a car took every second.
_LIKE_A_VIDEO = 0.42
_ENOUGH = 8  # frames to judge by
_SAMPLE = 40
_SMALL = (32, 24)


def frame_runs(folder, stems):
    """Cuts the images of a folder where their numbers have gaps.

    Args:
        folder: of the images, for messages.
        stems: names of the files without their endings; one or more.

    Returns:
        A list of lists of stems, each in the order of their numbers, which
        grow by the same step inside of a list.
    """
    try:
        numbers = frame_numbers(folder, list(stems))
        return [sorted(stems, key=numbers.get)]
    except ValueError:
        pass  # several recordings, or single pictures
    groups = {}
    for stem in sorted(stems, key=natural_order):
        match = re.fullmatch(r"(.*?)(\d+)(\D*)", stem)
        key = (match[1], match[3]) if match else (stem,)
        number = int(match[2]) if match else 0
        groups.setdefault(key, {})[number] = stem
    return list(itertools.chain(*(_even(group) for group in groups.values())))


def _even(group):
    """Runs of one step from a dict of number -> stem."""
    numbers = sorted(group)
    steps = np.diff(numbers)
    usual = np.median(steps) if len(steps) else 0
    runs = [[group[numbers[0]]]]
    for step, number in zip(steps, numbers[1:], strict=True):
        if step == usual:
            runs[-1].append(group[number])
        else:
            runs.append([group[number]])
    return runs


def looks_like_a_video(paths):
    """Whether neighbouring images are much more alike than distant ones.

    Args:
        paths: of the images in their order.

    Returns:
        bool; `None` if there are too few images to say.

    Raises:
        ValueError: An image does not decode.
        ImportError: OpenCV is missing.
    """
    if len(paths) < _ENOUGH:
        return None
    cv2 = optional.cv2()
    paths = paths[:_SAMPLE]
    small = [
        cv2.resize(
            decode_image(path.read_bytes(), str(path)),
            _SMALL,
            interpolation=cv2.INTER_AREA,
        ).astype("float32")
        for path in paths
    ]

    def difference(distance):
        pairs = zip(small, small[distance:], strict=False)
        return np.median([np.abs(one - two).mean() for one, two in pairs])

    return difference(1) < _LIKE_A_VIDEO * max(difference(len(paths) // 2), 1)
