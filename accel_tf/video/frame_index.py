"""Which frames a video file has, without decoding them."""

import dataclasses

import numpy as np

from accel_tf import optional
from accel_tf.video.span_decoder import IrregularVideoError, SpanDecoder

_LEAST_STEP = 2e-4
"""Seconds; nearer frames get other times than their stamps say."""


@dataclasses.dataclass(frozen=True, eq=False)
class FrameIndex:
    """The frames of a file in the order in which they are shown.

    Attributes:
        stamps: int64 `[N]`, ascending, in units of the stream's time base.
        times: float64 `[N]`, seconds since the first frame.
        restarts: ascending int64, numbers of the frames from which decoding
            can begin.
    """

    stamps: np.ndarray
    times: np.ndarray
    restarts: np.ndarray


def index_frames(path):
    """Reads the packets of a video file and decodes none but the first.

    Args:
        path: of a file.

    Returns:
        `FrameIndex`.

    Raises:
        IrregularVideoError: frames cannot be told from the packets: there are
            no time stamps, or they repeat, or packets are damaged.
        ValueError, OSError: as `Decoder`.
    """
    av = optional.av()
    decoder = SpanDecoder(path, path, lambda line: None)
    number = decoder.stream_index  # Nothing is known after the end.
    decoder.close()
    if not decoder.is_timed:
        raise IrregularVideoError(f"{path} has no time stamps")
    try:
        with av.open(decoder.source, metadata_errors="replace") as container:
            stream = container.streams[number]
            stamps, keys = _packets(container, stream, path)
            time_base = stream.time_base
    except av.FFmpegError as error:
        raise IrregularVideoError(f"{path} is damaged: {error}") from error
    order = np.argsort(stamps, kind="stable")
    stamps = stamps[order]
    seconds = np.array([float(pts * time_base) for pts in stamps.tolist()])
    times = seconds - seconds[:1]
    if len(times) < 2 or np.diff(times).min() < _LEAST_STEP:
        raise IrregularVideoError(f"{path} has time stamps that repeat")
    return FrameIndex(stamps, times, np.flatnonzero(keys[order]))


def _packets(container, stream, path):
    """Stamps, and from which packets decoding can begin."""
    stamps, keys = [], []
    for packet in container.demux(stream):
        if packet.dts is None and not packet.size:
            continue  # What PyAV gives at the end.
        is_usual = packet.size and packet.pts is not None
        if not is_usual or packet.is_discard or packet.is_corrupt:
            raise IrregularVideoError(
                f"{path} has packets that are damaged, without a time or not "
                "shown"
            )
        stamps.append(packet.pts)
        keys.append(packet.is_keyframe)
    return np.array(stamps, np.int64), np.array(keys, bool)
