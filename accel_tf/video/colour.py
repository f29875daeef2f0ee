"""RGB of decoded frames, by the colour that their file states.

What a file leaves open is decided as mpv and most players do: BT.709 for
pictures from 1280 columns or above 576 rows, else BT.601, and limited range.
HDR (PQ and HLG) is mapped to SDR by libswscale, with white at 203 cd/m^2 (ITU-R
BT.2408); what is brighter becomes white. Other wide gamuts keep their values.
"""

import numpy as np

from accel_tf import optional

# AVColorSpace (ITU-T H.273, table 4) -> the name in libswscale.
_MATRICES = {
    1: "ITU709",
    4: "FCC",
    5: "ITU601",
    6: "ITU601",
    7: "SMPTE240M",
    9: "BT2020",
    10: "BT2020",
}
_LIMITED, _FULL = 1, 2
_PQ, _HLG = 16, 18
_BT709_PRIMARIES, _BT709_TRANSFER = 1, 1
_TURNS = {90: 2, 180: 1, 270: 0}  # cv2.ROTATE_*, for counterclockwise angles.


class ToRgb:
    """Converts the frames of one source of PyAV.

    For HDR the first call takes seconds, in which libswscale computes its
    table, and each frame about ten times as long as others.
    """

    def __init__(self):
        reformatter = optional.av().video.reformatter
        self._reformat = reformatter.VideoReformatter().reformat

    def __call__(self, frame, height, width):
        """Converts a frame.

        Args:
            frame: `av.VideoFrame`.
            height, width: Size of the upright picture in pixels; it is resized
                where the frame has another.

        Returns:
            uint8 RGB `[height, width, 3]`, upright.
        """
        turn = rotation(frame)
        if turn in (90, 270):
            height, width = width, height
        options = {}
        if is_hdr(frame):
            options["dst_color_trc"] = _BT709_TRANSFER
            options["dst_color_primaries"] = _BT709_PRIMARIES
        if not frame.format.is_rgb:
            full = is_full_range(frame)
            options["src_color_range"] = _FULL if full else _LIMITED
            options["src_colorspace"] = matrix(frame)
        image = self._reformat(
            frame,
            format="rgb24",
            width=width,
            height=height,
            dst_color_range=_FULL,
            **options,
        ).to_ndarray()
        if turn in _TURNS:
            image = optional.cv2().rotate(image, _TURNS[turn])
        return np.ascontiguousarray(image)


def is_hdr(frame):
    """Whether the values go beyond the white of paper."""
    return frame.color_trc in (_PQ, _HLG)


def rotation(frame):
    """Degrees, counterclockwise, by which a frame must be turned."""
    return round(frame.rotation) % 360


def matrix(frame):
    """Name of the matrix (libswscale's) that a frame is converted by."""
    stated = _MATRICES.get(frame.colorspace)
    return stated or usual_matrix(frame.height, frame.width)


def usual_matrix(height, width):
    """The matrix for pictures of a size that state none."""
    return "ITU709" if width >= 1280 or height > 576 else "ITU601"


def is_full_range(frame):
    """Whether black is 0 rather than 16."""
    return frame.color_range == _FULL or frame.format.name.startswith("yuvj")
