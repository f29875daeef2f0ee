"""What a video file's container says about its own completeness.

OpenCV cannot tell the end of a file from data that are missing: both are a
failed read. The container's own sizes can. Only the few fields needed for
that are read here (ISO 14496-12 for MP4 and MOV, RIFF for AVI, RFC 8794 for
Matroska and WebM).
"""

import os
import struct

# Stated counts that are off by one or two are common and harmless.
_USUAL_ERROR = 2

_EBML = b"\x1aE\xdf\xa3"
_MATROSKA_SEGMENT = b"\x18S\x80g"


def least_frame_count(path, stated_count, frame_rate):
    """How many frames a complete file must give at least.

    AVI states the exact number. MP4 states how many frames are stored, of
    which a clip that was trimmed without encoding it again shows only a part;
    the length of the movie tells. For every other container, and for MP4 in
    fragments, OpenCV computes the number from the length, and sound that
    lasts longer than the picture raises it; then only a file with missing
    bytes is held to it.

    Args:
        path: Path of the video file.
        stated_count: Number of frames that OpenCV gives for it, or None.
        frame_rate: Frames per second that OpenCV gives for it.

    Returns:
        The number of frames; 0 if nothing can be said.
    """
    if stated_count is None:
        return 0
    least = stated_count - _USUAL_ERROR
    kind, is_cut_off, seconds = _examine(path)
    if is_cut_off or kind == "avi":
        return least
    if kind == "mp4" and seconds:
        shown = seconds * frame_rate
        # The length of a trimmed clip is that of its longest track.
        return least if shown >= least else shown - frame_rate
    return 0


def why_not_opened(path):
    """One line that says why OpenCV could not open a file as a video."""
    if os.path.getsize(path) == 0:
        return f"{path} is empty (0 bytes); give a video file"
    kind, is_cut_off, seconds = _examine(path)
    if kind == "mp4" and seconds is None:
        return (
            f"{path} is an incomplete MP4 file: its index (moov) is missing, "
            f"as when a recording or a download was cut off"
        )
    if kind is not None:
        fault = " and is cut off" if is_cut_off else ""
        return f"{path} holds no video frames that can be read{fault}"
    return (
        f"{path} is not a video that OpenCV can read; give a video file "
        f"(such as .mp4, .avi, .mkv), a folder of frames or a camera index"
    )


def _examine(path):
    """Returns the kind of container, whether bytes are missing, seconds.

    The kind is "mp4", "avi", "matroska" or None; the seconds are None unless
    it is an MP4 file with an index.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(256)
        if head[4:8] == b"ftyp":
            return "mp4", *_examine_mp4(file, size)
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            return "avi", 8 + int.from_bytes(head[4:8], "little") > size, None
        if head[:4] == _EBML:
            return "matroska", _matroska_end(head) > size, None
    return None, False, None


def _examine_mp4(file, size):
    is_cut_off, seconds = False, None
    position = 0
    while position + 8 <= size:
        file.seek(position)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = int.from_bytes(file.read(8))
        elif length == 0:
            length = size - position
        if length < 8:
            break
        is_cut_off |= position + length > size
        if name == b"moov":
            seconds = _movie_seconds(file.read(40))
        position += length
    return is_cut_off, seconds


def _movie_seconds(header):
    # The movie header is the first box in moov: size, name, version and
    # flags, two dates, ticks per second, length in ticks.
    if len(header) < 40 or header[4:8] != b"mvhd":
        return 0.0
    wide = header[8] == 1
    rate, ticks = struct.unpack_from(
        ">IQ" if wide else ">II", header, 28 if wide else 20
    )
    return ticks / rate if rate else 0.0


def _matroska_end(head):
    """Offset of the byte after the segment; 0 where it is not stated."""
    length, position = _variable_integer(head, 4)
    position += length or 0
    if head[position : position + 4] != _MATROSKA_SEGMENT:
        return 0
    length, position = _variable_integer(head, position + 4)
    return 0 if length is None else position + length


def _variable_integer(data, position):
    """Value (None if unknown) and the position after an EBML size."""
    first = data[position] if position < len(data) else 0
    width = 9 - first.bit_length()
    bits = 7 * width
    value = int.from_bytes(data[position : position + width]) % (1 << bits)
    # All ones stand for "unknown", as in a live recording.
    return None if value == (1 << bits) - 1 else value, position + width
