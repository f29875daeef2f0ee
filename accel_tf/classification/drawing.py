"""A video with the running top classes drawn on it."""

from accel_tf.segmentation.sinks import has_sound
from accel_tf.video import VideoWriter
from accel_tf.visualize import draw_classes

_LEAST_WIDTH = 320  # Of a picture whose text can be read.


class ClassesWriter:
    """Writes frames with the classes of the window around each of them.

    Small frames are enlarged, so that the names can be read. A context
    manager, as `VideoWriter`.

    Args:
        path: of the video.
        video: the `VideoReader` of the frames.
        source: as for `open_video`; its sound is copied.
        options: `VideoOptions`.
        found: `ClassesOfVideo`; what it holds when a frame is written.
        on_note: called with one line about what is worth knowing.

    Raises:
        ValueError, OSError: one line, if the video cannot be written.
    """

    def __init__(self, path, video, source, options, found, on_note):
        self._found = found
        self._factor = -(-_LEAST_WIDTH // video.width)
        self._writer = VideoWriter(
            path,
            video.height * self._factor,
            video.width * self._factor,
            video.frame_rate,
            codec=options.codec,
            quality=options.quality,
            sound_from=source if has_sound(video, source) else None,
            on_note=on_note,
        )

    def __enter__(self):
        self._writer.__enter__()
        return self

    def __exit__(self, *error):
        return self._writer.__exit__(*error)

    def write(self, frame):
        """Writes a `VideoFrame` with what is found so far."""
        image = frame.image
        if self._factor > 1:
            image = image.repeat(self._factor, 0).repeat(self._factor, 1)
        window = self._found.at(frame.time)
        if window is not None:
            top = self._found.top_of(window)
            image = draw_classes(
                image,
                [each["class"] for each in top],
                [each["probability"] for each in top],
            )
        self._writer.write(image, frame.time)
