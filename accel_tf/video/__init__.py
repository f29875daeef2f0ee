"""Reading of videos, images, streams and cameras; writing of videos and labels.

    with open_video("drive.mp4") as video:
        for frame in read_ahead(video):
            ...

Decoding and encoding can go on while a model works: `read_ahead`,
`write_behind`. Frames are uint8 RGB, `[height, width, 3]`; `video.frames()`
gives them with their times and what happened to them.
"""

from accel_tf.video.background import read_ahead, write_behind
from accel_tf.video.encoders import check_output
from accel_tf.video.labels import LabelWriter
from accel_tf.video.reader import VideoReader, open_video
from accel_tf.video.video_reader import SourceLostError, VideoFrame
from accel_tf.video.writer import VideoWriter

__all__ = [
    "LabelWriter",
    "SourceLostError",
    "VideoFrame",
    "VideoReader",
    "VideoWriter",
    "check_output",
    "open_video",
    "read_ahead",
    "write_behind",
]
