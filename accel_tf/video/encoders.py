"""The encoders of each kind of video file, and their settings."""

import dataclasses
import fractions
import math
import pathlib

from accel_tf import optional


@dataclasses.dataclass(frozen=True)
class _Codec:
    """A codec, by the names of its encoders in FFmpeg, best first.

    `worst` and `best` are what quality 0 and 100 mean to it: the constant
    rate factor, or for MPEG-4 the quantiser.
    """

    encoders: tuple
    worst: float
    best: float
    smallest: int
    largest: int
    options: dict


# Fast presets: encoding shares the processor with the model, and slower ones
# make files smaller, not better. None has B-frames, with which the length of a
# file with a variable frame rate comes out wrong.
_CODECS = {
    "h264": _Codec(
        ("libx264", "libopenh264"),
        45,
        10,
        1,
        16384,
        {
            "preset": "ultrafast",
            # Cheap, and files a quarter smaller.
            "x264-params": "cabac=1:deblock=1,0,0",
        },
    ),
    "hevc": _Codec(
        ("libx265",),
        47,
        12,
        16,
        16384,
        {"preset": "ultrafast", "x265-params": "log-level=none:bframes=0"},
    ),
    "vp9": _Codec(
        ("libvpx-vp9",),
        60,
        12,
        1,
        16384,
        {"deadline": "realtime", "cpu-used": "7", "row-mt": "1", "b": "0"},
    ),
    "av1": _Codec(
        ("libsvtav1", "libaom-av1"), 60, 12, 16, 8704, {"preset": "9"}
    ),
    "mpeg4": _Codec(("mpeg4",), 31, 2, 1, 8190, {}),
    # Its encoder takes what has not changed for transparent where it has, if
    # the palettes differ.
    "gif": _Codec(("gif",), 0, 0, 1, 65535, {"gifflags": "0"}),
}
_DEFAULT_QUALITY = 70

# The codecs of each ending, the usual one first; the second is taken where
# FFmpeg was built without an encoder of the first.
_ENDINGS = {
    ".mp4": ("h264", "vp9", "hevc", "av1", "mpeg4"),
    ".mkv": ("h264", "vp9", "hevc", "av1", "mpeg4"),
    ".mov": ("h264", "hevc", "mpeg4"),
    ".webm": ("vp9", "av1"),
    ".avi": ("mpeg4",),
    ".gif": ("gif",),
}
_OPENCV_CODECS = {".mp4": "mp4v", ".avi": "XVID", ".mkv": "mp4v"}

_LOWEST_RATE, _HIGHEST_RATE = 1e-6, 1e6


@dataclasses.dataclass(frozen=True)
class OutputFormat:
    """How a video is written.

    Attributes:
        ending: Of the file's name, in lower case, with its dot.
        codec: Name of the codec, or None for OpenCV's writer.
        encoder: FFmpeg's name of the encoder, or OpenCV's of the codec.
        options: Of the encoder, by FFmpeg's names.
        note: One line worth knowing about the choice, or None.
    """

    ending: str
    codec: str | None
    encoder: str
    options: dict
    note: str | None = None


def check_output(
    path, height, width, frame_rate=25.0, codec=None, quality=None
):
    """Checks cheaply that a video can be written, before long work.

    Args: as those of `VideoWriter`.

    Returns:
        The `OutputFormat`.

    Raises:
        FileNotFoundError, OSError, ValueError: as `VideoWriter`.
        ImportError: Neither PyAV nor OpenCV is installed.
    """
    path = pathlib.Path(path).absolute()
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give the name of a file")
    output = _choose(path.name, path.suffix.lower(), codec, quality)
    if height < 1 or width < 1:
        raise ValueError(
            f"height and width must be at least 1, not {height} and {width}"
        )
    limits = _CODECS[output.codec or "mpeg4"]
    if not limits.smallest <= min(height, width) or (
        max(height, width) > limits.largest
    ):
        raise ValueError(
            f"{output.codec or 'MPEG-4'} takes frames of {limits.smallest} to "
            f"{limits.largest} rows and columns, not {width}x{height} (width "
            f"x height); resize them, or write another codec"
        )
    if not _LOWEST_RATE <= frame_rate <= _HIGHEST_RATE:
        raise ValueError(
            f"frame_rate must be {_LOWEST_RATE:g} to {_HIGHEST_RATE:g} per "
            f"second, not {frame_rate}"
        )
    return output


def _choose(name, ending, codec, quality):
    if optional.has_av():
        return _for_av(name, ending, codec, quality)
    if codec is not None or quality is not None:
        optional.av()  # Says how to install it.
    optional.cv2()
    if ending not in _OPENCV_CODECS:
        raise ValueError(_unknown_ending(name, _OPENCV_CODECS))
    return OutputFormat(ending, None, _OPENCV_CODECS[ending], {})


def _for_av(name, ending, codec, quality):
    if ending not in _ENDINGS:
        raise ValueError(_unknown_ending(name, _ENDINGS))
    if codec is not None and codec not in _ENDINGS[ending]:
        holders = [key for key, names in _ENDINGS.items() if codec in names]
        if codec not in _CODECS:
            known = ", ".join(name for name in _CODECS if name != "gif")
            raise ValueError(f"codec must be one of {known}, not {codec!r}")
        raise ValueError(
            f"{ending} holds {' or '.join(_ENDINGS[ending])}, not {codec}; "
            f"for {codec} the name must end in {' or '.join(holders)}"
        )
    if quality is not None and not 0 <= quality <= 100:
        raise ValueError(f"quality must be 0 to 100, not {quality}")
    for candidate in (codec,) if codec else _ENDINGS[ending][:2]:
        encoder = next(filter(_exists, _CODECS[candidate].encoders), None)
        if encoder is not None:
            break
    else:
        raise OSError(
            f"this FFmpeg has no encoder for {candidate} "
            f"({', '.join(_CODECS[candidate].encoders)}); choose another codec"
        )
    usual = _CODECS[codec or _ENDINGS[ending][0]].encoders[0]
    note = None
    if encoder != usual:
        note = f"this FFmpeg has no {usual}: {name} is written by {encoder}"
    options = _options(candidate, encoder, quality)
    return OutputFormat(ending, candidate, encoder, options, note)


def _options(codec, encoder, quality):
    settings = _CODECS[codec]
    share = (_DEFAULT_QUALITY if quality is None else quality) / 100
    if codec == "gif":
        return settings.options
    if codec == "mpeg4":
        # The quantiser's steps are ratios.
        scale = settings.worst * (settings.best / settings.worst) ** share
        return {"qmin": f"{scale:.0f}", "qmax": f"{scale:.0f}"}
    factor = settings.worst + share * (settings.best - settings.worst)
    if encoder == "libopenh264":
        # It knows no rate factor, but keeps within these quantisers.
        lowest = max(1, round(factor) - 4)
        return {"rc_mode": "quality", "qmin": f"{lowest}", "qmax": "51"}
    if encoder == "libaom-av1":
        return {"crf": f"{factor:.0f}", "cpu-used": "8", "row-mt": "1"}
    return {**settings.options, "crf": f"{factor:.0f}"}


def _exists(encoder):
    av = optional.av()
    try:
        return av.Codec(encoder, "w").is_encoder
    except ValueError:
        return False


def _unknown_ending(name, endings):
    return (
        f"cannot write a video named {name!r}; the name must end in "
        f"{', '.join(endings)}"
    )


def stated_rate(frame_rate, codec):
    """The frame rate as a fraction that the codec can state."""
    if codec in (None, "mpeg4"):
        # Two numbers of 16 bits.
        most = max(1, math.floor(65535 / max(frame_rate, 1)))
        rate = fractions.Fraction(frame_rate).limit_denominator(most)
        return rate or fractions.Fraction(1, min(65535, round(1 / frame_rate)))
    if frame_rate < 1:
        return 1 / fractions.Fraction(1 / frame_rate).limit_denominator(1001)
    return fractions.Fraction(frame_rate).limit_denominator(1001)
