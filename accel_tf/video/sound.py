"""The sound of one video, written beside the pictures of another."""

from accel_tf import optional

# What players of each kind of file take as it is.
_COPIED = {
    ".mp4": {"aac", "mp3", "opus", "ac3", "eac3", "flac", "alac"},
    ".mov": {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le"},
    ".webm": {"opus", "vorbis"},
    ".mkv": {
        "aac",
        "mp3",
        "opus",
        "vorbis",
        "ac3",
        "eac3",
        "flac",
        "pcm_s16le",
    },
    ".avi": {"mp3", "ac3", "mp2", "pcm_s16le"},
}
_ENCODERS = {".webm": ("libopus", "opus"), ".avi": ("libmp3lame", "mp2")}
_USUAL_ENCODERS = ("aac",)


def open_sound(path, container, ending, span, on_note):
    """Adds the sound of a file to a container.

    The packets are copied where the container's players take their codec, and
    encoded anew (AAC, Opus in .webm, MP3 in .avi) where not.

    Args:
        path: Of the file whose sound is wanted.
        container: `av` container to write to, before its first packet.
        ending: Of that file's name, as `".mp4"`.
        span: `(start, end)` in seconds from the first picture of `path`;
            `start` is where the written video begins.
        on_note: Called with one line if there can be no sound.

    Returns:
        A `Sound`, or `None` if `path` has none that can be written.
    """
    av = optional.av()
    if ending == ".gif":
        on_note("a .gif has no sound")
        return None
    try:
        source = av.open(f"file:{path}", metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        on_note(f"the sound of {path} cannot be read: {error.strerror}")
        return None
    stream = source.streams.best("audio")
    if stream is None:
        source.close()
        return None
    try:
        return Sound(source, stream, container, ending, span, on_note)
    except (av.FFmpegError, ValueError, OSError) as error:
        source.close()
        on_note(f"the sound of {path} cannot be written: {error}")
        return None


class Sound:
    """Sound that is written bit by bit, as the pictures go on.

    Args: as those of `open_sound`, with `source`, the `av` container that is
        read, and `stream`, its stream of sound.
    """

    def __init__(self, source, stream, container, ending, span, on_note):
        self._source, self._container, self._note = source, container, on_note
        start, end = span
        begin = _first_picture(source) + start
        self._length = end - start
        self._shift = round(begin / stream.time_base)
        self._time_base = stream.time_base
        self._packets = source.demux(stream)
        self._next = None
        self._encoder = None
        context = stream.codec_context
        if context.codec.canonical_name in _COPIED[ending]:
            self._stream = container.add_stream_from_template(stream)
            return
        encoders = filter(_exists, _ENCODERS.get(ending, _USUAL_ENCODERS))
        self._stream = container.add_stream(next(encoders), rate=48000)
        self._encoder = self._stream.codec_context
        # More channels than two are not mixed well by most players.
        mono = context.layout.nb_channels == 1
        self._encoder.layout = "mono" if mono else "stereo"

    def write_until(self, seconds):
        """Writes what is heard before this time of the written video."""
        seconds = min(seconds, self._length)
        while self._packets is not None:
            packet, self._next = self._next or self._read(), None
            if packet is None:
                return
            shifted = packet.pts - self._shift
            if shifted * self._time_base >= seconds:
                self._next = packet
                return
            if shifted >= 0:
                self._write(packet)

    def _read(self):
        """The next packet that has a time."""
        av = optional.av()
        try:
            for packet in self._packets:
                if packet.pts is not None:
                    return packet
        except av.FFmpegError as error:
            self._note(f"the sound ends early: {error.strerror}")
        self._packets = None

    def _write(self, packet):
        if self._encoder is None:
            packet.dts = (packet.dts or packet.pts) - self._shift
            packet.pts -= self._shift
            packet.stream = self._stream
            self._container.mux(packet)
            return
        av = optional.av()
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return  # A fault that is heard, at most.
        for frame in frames:
            frame.pts = max(0, (frame.pts or packet.pts) - self._shift)
            self._mux(self._stream.encode(frame))

    def _mux(self, packets):
        # Encoders begin a little before zero; in AVI that would shift all.
        keeps_all = self._container.format.name != "avi"
        self._container.mux([p for p in packets if keeps_all or p.pts >= 0])

    def close(self):
        """Writes what the encoder holds and closes the file that was read."""
        try:
            if self._encoder is not None and self._encoder.is_open:
                self._mux(self._stream.encode(None))
        finally:
            self._source.close()


def _first_picture(source):
    """When the pictures begin, by the clock of their file, in seconds."""
    stream = source.streams.best("video")
    if stream is None or stream.start_time is None:
        return 0
    return stream.start_time * stream.time_base


def _exists(encoder):
    return encoder in optional.av().codecs_available
