"""Decoding of one opened file or connection with PyAV (FFmpeg)."""

import bisect
import collections

from accel_tf import optional
from accel_tf.video import colour

# Formats without time stamps: FFmpeg counts frames at a rate of its own.
_UNTIMED_FORMATS = {"h264", "hevc", "image2pipe", "m4v", "mjpeg", "mpjpeg"}
_LISTS = {"dash", "hls"}  # Small files that name the next pieces.

# A picture that is missing at the end of a file: what a container states
# is often off by a frame, and by some where sound and picture end apart.
_USUAL_SHORTFALL = 1.0

# A time that goes back by more begins a new count of the time stamps.
_JUMP = 1.0

# Errors in a row after which a file counts as at its end.
_MOST_ERRORS_AT_THE_END = 100


class NoVideoError(ValueError):
    """The source opened, but holds no picture that decodes."""


class Decoder:
    """The frames of one source, once, in the order in which they are shown.

    Args:
        source: Path, URL or binary file object.
        name: What messages call it.
        is_live: Whether frames must come with little delay.
        on_note: Called with one line for each thing worth knowing.
        seconds_to_wait: How long opening or a read may take; `None` for ever.

    Attributes:
        height, width: Of the upright picture in pixels.
        frame_rate: Frames per second, or `None` if nothing states it.
        frame_count: As the container states it, or `None`.
        has_sound: Whether there is a stream of sound.
        is_timed: Whether the source has time stamps.
        is_finite: Whether the source states an end: a size or a length.
        fault: After the last frame, one line on why that was not the end of
            the source, or `None`.

    Raises:
        OSError: The source cannot be opened (also what PyAV raises for data
            that are no video: `av.InvalidDataError`, a ValueError).
        NoVideoError: It holds no video, or no frame of it decodes.
    """

    def __init__(
        self, source, name, is_live=False, on_note=None, seconds_to_wait=None
    ):
        av = optional.av()
        self._name, self._note = name, on_note
        is_rtsp = isinstance(source, str) and source.startswith("rtsp")
        self._container = av.open(
            source,
            timeout=seconds_to_wait,
            # Over UDP, the default, a busy network tears pictures.
            options={"rtsp_transport": "tcp"} if is_rtsp else None,
            metadata_errors="replace",
        )
        try:
            self._open(av, is_live)
        except BaseException:
            self.close()
            raise

    def _open(self, av, is_live):
        container = self._container
        self._stream = stream = _picture_stream(av, container)
        if stream is None:
            raise NoVideoError(
                f"{self._name} holds no video that FFmpeg can decode"
            )
        # Decoding of several frames at once is faster, and holds them back.
        stream.thread_type = "SLICE" if is_live else "AUTO"
        formats = set(container.format.name.split(","))
        self.is_timed = not formats & _UNTIMED_FORMATS
        self.has_sound = bool(container.streams.audio)
        self.frame_rate = _frame_rate(stream)
        self.fault = None
        size = container.size or 0
        length = container.duration or 0
        self.is_finite = length > 0 or (size > 0 and not formats & _LISTS)
        self._length = length / av.time_base
        self.frame_count = self._count()
        self._reached = 0.0
        self._step = 1 / (self.frame_rate or 25.0)
        self._decoded = self._decode()
        self._held = collections.deque()
        # The first tells how the picture lies.
        for item in self._decoded:
            self._held.append(item)
            if item[0] is not None:
                break
        else:
            fault = f" ({self.fault})" if self.fault else ""
            raise NoVideoError(
                f"{self._name} holds no frame that can be decoded{fault}"
            )
        first = self._held[-1][0]
        self._set_size(first)
        self._to_rgb = colour.ToRgb()
        if colour.is_hdr(first):
            self._note(
                f"{self._name} is HDR; it is mapped to the range of usual "
                f"screens, which takes time, and what is brighter is white"
            )

    def _set_size(self, frame):
        height, width = frame.height, frame.width
        # Players stretch pixels that are not square, in width.
        aspect = self._stream.sample_aspect_ratio or 1
        if abs(aspect - 1) > 0.01:
            width = max(1, round(width * aspect))
        if colour.rotation(frame) in (90, 270):
            height, width = width, height
        self.height, self.width = height, width
        self._stored_size = frame.width, frame.height

    def _count(self):
        if self._stream.frames > 0:
            return self._stream.frames
        if self._length > 0 and self.frame_rate:
            return max(1, round(self._length * self.frame_rate))
        return None

    def close(self):
        """Closes the source; iteration ends."""
        self._container.close()

    def __iter__(self):
        """Gives each frame as `(image, seconds, is_damaged)`, once.

        The image is `None` for a frame that did not decode; one that decodes
        in part, as players show it, is damaged too and has its image.
        """
        while self._held:
            yield self._picture(*self._held.popleft())
        for item in self._decoded:
            yield self._picture(*item)

    def _picture(self, frame, seconds):
        if frame is None:
            return None, seconds, True
        if (frame.width, frame.height) != self._stored_size:
            self._note(
                f"{self._name} changes its size from {self._stored_size[0]}x"
                f"{self._stored_size[1]} to {frame.width}x{frame.height}; all "
                f"frames are resized to {self.width}x{self.height}"
            )
            self._stored_size = frame.width, frame.height
        image = self._to_rgb(frame, self.height, self.width)
        return image, seconds, frame.is_corrupt

    def _decode(self):
        """Gives `(av.VideoFrame or None, seconds from the first frame)`."""
        av = optional.av()
        clock = _Clock(self._stream.time_base, self._step, self.is_timed)
        # Packets that gave no frame so far, in the order of showing, and how
        # many errors there were: with threads, an error comes later than its
        # packet, but a frame comes only after all that are shown before it.
        waiting, errors = [], 0
        for packet in self._packets(av):
            if packet is not None and packet.pts is not None:
                if packet.size and not packet.is_discard:
                    bisect.insort(waiting, packet.pts)
            frames, failures = self._frames_of(av, packet)
            errors += failures
            for frame in frames:
                place = len(waiting)
                if frame.pts is not None:
                    place = bisect.bisect_left(waiting, frame.pts)
                for pts in waiting[:place][:errors]:
                    yield None, clock(pts)
                    errors -= 1
                if frame.pts is not None:
                    place = bisect.bisect_right(waiting, frame.pts)
                del waiting[:place]
                yield frame, clock(frame.pts)
        for pts in (waiting + [None] * errors)[:errors]:
            yield None, clock(pts)

    def _frames_of(self, av, packet):
        """Frames, and the number of errors. `None` empties the decoder."""
        frames, failures = [], 0
        while True:
            try:
                frames += self._stream.codec_context.decode(packet)
                return frames, failures
            except av.EOFError:
                return frames, failures
            except av.FFmpegError:
                failures += 1
            # An error while the decoder is emptied hides the frames after it.
            if packet is not None or failures >= _MOST_ERRORS_AT_THE_END:
                return frames, failures

    def _packets(self, av):
        """The packets of the picture, and `None` after the last."""
        container, is_whole = self._container, True
        origin = (container.start_time or 0) / av.time_base
        try:
            for packet in container.demux():
                if packet.dts is None and not packet.size:
                    continue  # What PyAV gives at the end of each stream.
                last = packet.pts if packet.pts is not None else packet.dts
                if last is not None:
                    end = (last + (packet.duration or 0)) * packet.time_base
                    self._reached = max(self._reached, end - origin)
                if packet.stream_index == self._stream.index:
                    is_whole = not packet.is_corrupt
                    yield packet
        except av.FFmpegError as error:
            self.fault = one_line(error)
        if self.fault is None:
            shortfall = max(_USUAL_SHORTFALL, 3 * self._step)
            ends_early = self._length - self._reached > shortfall
            if ends_early and self._length:
                self.fault = (
                    f"it ends after {float(self._reached):.1f} of "
                    f"{self._length:.1f} seconds"
                )
            elif not is_whole:
                self.fault = "it is cut off within a frame"
        yield None


class _Clock:
    """Seconds since the first frame, from time stamps; never twice the same."""

    def __init__(self, time_base, step, is_timed):
        self._time_base, self._step = time_base, step
        self._is_timed = is_timed
        self._origin = self._last = None

    def __call__(self, pts):
        stamp = None
        if pts is not None and self._is_timed:
            stamp = float(pts * self._time_base)
        if self._last is None:
            self._origin, self._last = stamp, 0.0
            return 0.0
        following = self._last + self._step
        if stamp is None:
            seconds = following
        elif self._origin is None or (
            stamp - self._origin < self._last - _JUMP
        ):
            self._origin, seconds = stamp - following, following
        else:
            seconds = max(stamp - self._origin, self._last + 1e-4)
        self._last = seconds
        return seconds


def one_line(error):
    """The reason that FFmpeg or the system gives, in one line."""
    if optional.has_av() and isinstance(error, optional.av().ExitError):
        return "no answer in time"
    return str(getattr(error, "strerror", None) or error).split("\n")[0]


def _picture_stream(av, container):
    """The stream of video; not the picture on the cover of a song."""
    cover = av.stream.Disposition.attached_pic
    streams = [
        stream
        for stream in container.streams.video
        # None where FFmpeg knows the codec by name alone.
        if stream.codec_context and not stream.disposition & cover
    ]
    best = container.streams.best("video")
    return best if best in streams else next(iter(streams), None)


def _frame_rate(stream):
    """The mean rate; FFmpeg's guess where that is near it, being rounder."""
    mean, guess = stream.average_rate, stream.guessed_rate
    if not mean:
        # Of a thousand, it is only the unit of the time stamps.
        return float(guess) if guess and guess <= 240 else None
    is_near = guess and abs(guess - mean) <= mean / 10
    return float(guess if is_near else mean)
