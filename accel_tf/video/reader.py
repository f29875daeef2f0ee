"""`open_video`: one way to the frames of files, folders, streams, cameras."""

import functools
import glob
import math
import os
import pathlib
import re
import sys
import warnings

import numpy as np

from accel_tf import optional
from accel_tf.files import natural_order
from accel_tf.video.video_reader import VideoReader

__all__ = ["VideoReader", "open_video"]

IMAGE_ENDINGS = (
    ".png",
    ".jpg",
    ".jpeg",
    ".bmp",
    ".ppm",
    ".pgm",
    ".tif",
    ".tiff",
    ".webp",
)

_SECONDS_TO_WAIT = 10.0  # For a server's answer.

# FFmpeg can open much more, such as "concat:", of which no user thinks who
# gives the name of a file with a colon.
_PROTOCOLS = "http https rtmp rtmps rtp rtsp rtsps srt tcp udp".split()


def open_video(
    source,
    frame_rate=None,
    strict=False,
    live=False,
    on_note=None,
    reconnect_seconds=60.0,
):
    """Opens a source of frames.

    Files and streams are read by FFmpeg through PyAV; without PyAV, OpenCV
    reads files, and a note says so.

    Args:
        source: One of

            - the path of a video file of any kind that FFmpeg reads;
            - the path of a folder of frames (png, jpg, jpeg, bmp, ppm, pgm,
              tif, tiff, webp, in natural order: frame2 before frame10), a
              pattern of their names (`clips/*.png`, or `%06d.png`, whose
              numbers may have gaps) or a single image;
            - a URL: http, https, rtsp, rtmp, udp, tcp, srt;
            - `"-"` for a video on the standard input;
            - the index of a camera as an int or a string of digits that is
              not the name of an existing path.
        frame_rate: Frames per second of folders (`None`: 25) and of files
            without time stamps; for a camera or a live stream it wins over
            the rate that is measured. Other files keep their own.
        strict: Whether a frame that does not decode, and a file that ends
            early, are errors. Else such a frame is given as damaged, and a
            note says that a file ended early.
        live: Whether to leave out frames of a camera or live stream that came
            while the frame before was worked on, so that the newest is next.
        on_note: Called with one line about what is worth knowing, such as a
            connection that is tried again; may come from another thread.
            `None`: `warnings.warn`.
        reconnect_seconds: How long a stream or camera that stopped is tried
            again, in growing steps, before it counts as lost.

    Returns:
        A `VideoReader`.

    Raises:
        FileNotFoundError: There is no such file or folder.
        ValueError: The file is not a video, or there are no images.
        OSError: The file cannot be read, or the camera or the stream cannot
            be opened.
        ImportError: Neither PyAV nor OpenCV is installed.
    """
    if frame_rate is not None and not (
        math.isfinite(frame_rate) and frame_rate > 0
    ):
        raise ValueError(
            f"frame_rate must be a number above 0, not {frame_rate}"
        )
    note = on_note or _warn
    options = {"frame_rate": frame_rate, "strict": strict, "on_note": note}
    lasting = {**options, "live": live, "reconnect_seconds": reconnect_seconds}
    if isinstance(source, int | np.integer) and not isinstance(source, bool):
        return _camera(int(source), lasting)
    text = os.fspath(source)
    protocol, separator, _ = text.partition("://")
    if separator and protocol.lower() in _PROTOCOLS:
        return _stream(text, lasting)
    if separator and re.fullmatch(r"[a-z]\w*", protocol, re.ASCII | re.I):
        raise ValueError(
            f"{text}: {protocol}:// is not read; give the path of a file, or "
            f"a URL that begins with {', '.join(_PROTOCOLS)}"
        )
    if live and not re.fullmatch(r"\d+", text, re.ASCII):
        note(f"{text} is no live source: no frame of it is left out")
    if text == "-":
        return _file_reader(sys.stdin.buffer, "the standard input", options)
    path = pathlib.Path(text)
    if path.is_dir():
        return _images(_images_in(path), path, options)
    if path.is_file():
        if path.suffix.lower() in IMAGE_ENDINGS:
            return _images([path], path, options)
        return _file_reader(path, str(path), options)
    if path.exists():
        raise ValueError(
            f"{path} is not an ordinary file; a camera is given by its index"
        )
    if re.fullmatch(r"\d+", text, re.ASCII):
        return _camera(int(text), lasting)
    if glob.has_magic(text) or re.search(r"%0?\d*d", path.name):
        return _images(_images_like(path), path, options)
    raise FileNotFoundError(
        f"no such file or folder: {source}; give a video file, a folder or "
        f"pattern of frames, a URL, - or a camera index"
    )


def _file_reader(source, name, options):
    if not optional.has_av():
        from accel_tf.video.opencv import OpenCvReader

        return OpenCvReader(source, name, **options)
    from accel_tf.video.file_reader import FileReader

    return FileReader(source, name, **options)


def _images(paths, source, options):
    from accel_tf.video.image_reader import ImageReader

    if not paths:
        raise ValueError(_why_no_images(source))
    return ImageReader(paths, **options)


def _why_no_images(source):
    kind = "in the folder" if source.is_dir() else "named like"
    ending = source.suffix.lower()
    if ending not in ("", *IMAGE_ENDINGS) and not source.is_dir():
        # Somebody looks for videos, of which all would have been taken.
        return f"no files {kind} {source}"
    return f"no images {kind} {source}; need {' '.join(IMAGE_ENDINGS)}"


def _camera(index, options):
    from accel_tf.video.camera import Camera
    from accel_tf.video.live_reader import LiveReader

    connect = functools.partial(Camera, index, options["frame_rate"])
    return LiveReader(connect, f"camera {index}", **options)


def _stream(url, options):
    from accel_tf.video.decoder import Decoder, one_line
    from accel_tf.video.live_reader import LiveReader

    # Messages may end in logs: without the user's name and password.
    name = re.sub(r"(?<=://)[^/@]*@", "", url)
    av = optional.av()

    def connect():
        try:
            return Decoder(
                url,
                name,
                is_live=options["live"],
                on_note=options["on_note"],
                seconds_to_wait=_SECONDS_TO_WAIT,
            )
        except av.InvalidDataError as error:
            raise ValueError(
                f"{name} is not a video that FFmpeg can read "
                f"({one_line(error)})"
            ) from error
        except av.FFmpegError as error:
            raise OSError(f"cannot open {name}: {one_line(error)}") from error

    return LiveReader(connect, name, **options)


def _images_in(folder):
    images = filter(_is_image, folder.iterdir())
    return sorted(filter(pathlib.Path.is_file, images), key=natural_order)


def _is_image(path):
    ending = path.suffix.lower()
    return ending in IMAGE_ENDINGS and not path.name.startswith(".")


def _images_like(pattern):
    """The images whose names match `*`, `?`, `[...]` or printf's `%06d`."""
    number = re.search(r"%0?(\d*)d", pattern.name)
    if number is None:
        found = map(pathlib.Path, glob.glob(str(pattern), recursive=True))
        images = filter(_is_image, found)
        return sorted(filter(pathlib.Path.is_file, images), key=natural_order)
    if not pattern.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {pattern.parent}")
    before, after = pattern.name[: number.start()], pattern.name[number.end() :]
    # Longer numbers have more digits than the width asks for.
    digits = rf"\d{{{number[1] or 1},}}"
    name = re.compile(re.escape(before) + digits + re.escape(after), re.ASCII)
    return [
        path for path in _images_in(pattern.parent) if name.fullmatch(path.name)
    ]


def _warn(line):
    warnings.warn(line, stacklevel=2)
