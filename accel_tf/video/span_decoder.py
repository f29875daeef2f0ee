"""Decoding that begins in the middle of a file."""

import os

from accel_tf import optional
from accel_tf.video.decoder import Decoder, one_line


class IrregularVideoError(ValueError):
    """A video whose frames cannot be had out of turn, exactly."""


class SpanDecoder(Decoder):
    """Decodes some frames of a file that follow each other.

    Args:
        source: path of the file, or a binary file object that can seek.
        name: what messages call it.
        on_note: called with one line about what is worth knowing.

    Raises:
        ValueError, OSError: as `Decoder`.
    """

    def __init__(self, source, name, on_note):
        self.source = source
        if isinstance(source, str | os.PathLike):
            # As a URL, or a name with a colon would name a protocol.
            self.source = f"file:{os.fspath(source)}"
        super().__init__(self.source, str(name), on_note=on_note)

    @property
    def stream_index(self):
        """Of the picture, among the streams of the file."""
        return self._stream.index

    def images_between(self, first, last):
        """Gives the frames between two time stamps.

        Args:
            first, last: time stamps; both are included.

        Yields:
            `(stamp, image)`, uint8 RGB `[height, width, 3]`.

        Raises:
            IrregularVideoError: one does not decode, has no time stamp or
                another size than the first of the file.
        """
        av = optional.av()
        self._decoded.close()
        self._held.clear()
        try:
            self._container.seek(first, stream=self._stream)
            self._stream.codec_context.flush_buffers()
            for packet in self._packets(av):
                frames, failures = self._frames_of(av, packet)
                for frame in frames:
                    if frame.pts is not None and frame.pts < first:
                        continue
                    if frame.pts is not None and frame.pts > last:
                        return
                    yield frame.pts, self._exact_image(frame)
                if failures:
                    raise IrregularVideoError(
                        f"a frame of {self._name} does not decode"
                    )
        except av.FFmpegError as error:
            raise IrregularVideoError(
                f"{self._name} is damaged: {one_line(error)}"
            ) from error

    def _exact_image(self, frame):
        is_usual = (frame.width, frame.height) == self._stored_size
        if frame.pts is None or frame.is_corrupt or not is_usual:
            raise IrregularVideoError(
                f"{self._name} has a frame that is damaged or of another size"
            )
        return self._to_rgb(frame, self.height, self.width)
