"""Encoding and writing of a video with PyAV (FFmpeg)."""

import fractions
import math
import os

from accel_tf import optional
from accel_tf.video import colour
from accel_tf.video.encoders import stated_rate

# Time stamps finer than any camera's, of which the usual rates are multiples.
_TICKS_PER_SECOND = 90000
_MOST_TICKS_PER_FRAME = 2**30

_FORMATS = {".mkv": "matroska", ".mov": "mov"}
# AVCOL_SPC_*, AVCOL_PRI_* and AVCOL_RANGE_* (ITU-T H.273, tables 2 to 4).
_MATRIX_NUMBERS = {"ITU709": 1, "ITU601": 6}
_BT709, _LIMITED, _FULL = 1, 1, 2


class AvOutput:
    """An open file that takes frames.

    Args:
        path: Of the file; it is replaced.
        output: `OutputFormat`.
        height, width: Of the frames in pixels.
        frame_rate: Frames per second: the grid on which times lie exactly.
        add_sound: Called with the container, gives the `Sound` to write
            beside, or `None`.
    """

    def __init__(self, path, output, height, width, frame_rate, add_sound):
        av = optional.av()
        rate = stated_rate(frame_rate, output.codec)
        self._ticks_per_second = ticks = _ticks_per_second(rate, output)
        self._ticks_per_frame = ticks / rate
        self._palette = None
        # SVT-AV1 writes to stderr by itself; its errors become exceptions.
        os.environ.setdefault("SVT_LOG", "1")
        self._container = av.open(
            os.fspath(path),
            "w",
            format=_FORMATS.get(output.ending, output.ending[1:]),
            # The index in front: players begin before all has come.
            options={"movflags": "+faststart"}
            if output.ending in (".mp4", ".mov")
            else {},
        )
        self._stream = self._container.add_stream(
            output.encoder, options=dict(output.options)
        )
        context = self._stream.codec_context
        self._time_base = 1 / fractions.Fraction(ticks)
        context.time_base = self._stream.time_base = self._time_base
        context.framerate = rate
        context.height, context.width = height, width
        if output.codec == "gif":
            context.pix_fmt = "pal8"
            self._palette = _Palette(height, width, self._time_base)
        else:
            # One for all frames: it prepares itself for their size once.
            self._reformatter = av.video.reformatter.VideoReformatter()
            # Colour is stored for two by two pixels.
            context.height += height % 2
            context.width += width % 2
            context.pix_fmt = "yuv420p"
            # Right for players that ignore what is stated, too.
            self._matrix = colour.usual_matrix(context.height, context.width)
            context.colorspace = _MATRIX_NUMBERS[self._matrix]
            context.color_primaries = context.color_trc = _BT709
            context.color_range = _LIMITED
        if output.codec == "hevc" and output.ending != ".mkv":
            context.codec_tag = "hvc1"  # Apple's players look for it.
        self._sound = add_sound(self._container)
        # A frame is encoded when the next says how long it lasts.
        self._held, self._durations = None, {}
        self._step = max(1, round(self._ticks_per_frame))
        self._count = 0
        self._is_closed = False

    def write(self, frame, seconds=None):
        """Encodes a frame.

        Args:
            frame: uint8 RGB `[height, width, 3]`.
            seconds: Time since the first frame, above that of the frame
                before; `None` for the one that the frame rate gives.
        """
        if seconds is None:
            ticks = round(self._count * self._ticks_per_frame)
        else:
            ticks = round(seconds * self._ticks_per_second)
        picture = self._picture(frame)
        if self._held is not None:
            # The file cannot tell times apart that are nearer than a tick.
            ticks = max(ticks, self._held.pts + 1)
            self._step = ticks - self._held.pts
            self._encode_held()
        picture.pts = ticks
        self._held = picture
        self._count += 1

    def close(self):
        """Writes what is held and the end of the file, once."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._held is not None:
                self._encode_held()
                self._encode(None)
        finally:
            if self._sound:
                self._sound.close()
            self._container.close()

    def _picture(self, frame):
        odd = [n % 2 for n in frame.shape[:2]]
        if self._palette is None and any(odd):
            cv2 = optional.cv2()
            frame = cv2.copyMakeBorder(
                frame, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE
            )
        picture = optional.av().VideoFrame.from_ndarray(frame, format="rgb24")
        if self._palette is None:
            picture = self._reformatter.reformat(
                picture,
                format="yuv420p",
                src_color_range=_FULL,
                dst_colorspace=self._matrix,
                dst_color_range=_LIMITED,
            )
        picture.time_base = self._time_base
        return picture

    def _encode_held(self):
        self._durations[self._held.pts] = self._step
        self._encode(self._held)
        if self._sound:
            end = (self._held.pts + self._step) * self._time_base
            self._sound.write_until(float(end))

    def _encode(self, picture):
        pictures = [picture]
        if self._palette:
            pictures = self._palette.apply(picture)
            pictures += [None] if picture is None else []
        for each in pictures:
            for packet in self._stream.encode(each):
                packet.duration = self._durations.pop(packet.pts, None)
                self._container.mux(packet)


class _Palette:
    """256 colours for each frame of a GIF."""

    def __init__(self, height, width, time_base):
        av = optional.av()
        self._time_base = time_base
        graph = av.filter.Graph()
        self._source = graph.add_buffer(
            width=width, height=height, format="rgb24", time_base=time_base
        )
        self._sink = graph.add("buffersink")
        split = graph.add("split")
        choose = graph.add("palettegen", "stats_mode=single")
        use = graph.add("paletteuse", "new=1")
        self._source.link_to(split)
        split.link_to(choose, 0)
        split.link_to(use, 1, 0)
        choose.link_to(use, 0, 1)
        use.link_to(self._sink)
        graph.configure()
        self._graph = graph

    def apply(self, picture):
        """The frames of 256 colours that are ready; `None` asks for all."""
        av = optional.av()
        self._source.push(picture)
        ready = []
        while True:
            try:
                ready.append(self._sink.pull())
            except (av.BlockingIOError, av.EOFError):
                return ready
            ready[-1].time_base = self._time_base


def _ticks_per_second(rate, output):
    """An int, of which the duration of a frame is a multiple."""
    if output.ending == ".avi":
        # It has no time stamps: one tick a frame.
        return rate
    if output.codec == "gif":
        return fractions.Fraction(100)
    most = 65535 if output.codec == "mpeg4" else 2**31 - 1
    wanted = max(1, math.ceil(_TICKS_PER_SECOND / rate.numerator))
    longest = max(1, _MOST_TICKS_PER_FRAME // rate.denominator)
    factor = min(wanted, longest, max(1, most // rate.numerator))
    return rate.numerator * factor
