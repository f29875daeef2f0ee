"""Frames to measure with, and the time that something takes."""

import itertools
import time

# TensorFlow is imported when it is needed: not for a mistake in the options.

DRAWN_SIZE = (512, 1024)


def read_frames(source, size, count):
    """`count` frames, uint8 `[H, W, 3]`, enlarged or reduced to `size`."""
    from accel_tf import optional
    from accel_tf.data import streets

    cv2 = optional.cv2()
    if source is None:
        scenes = streets.street_sequence(0, *DRAWN_SIZE, count)
        images = [scene.image for scene in scenes]
    else:
        from accel_tf.video import open_video

        with open_video(source) as video:
            images = list(itertools.islice(video, count))
        if not images:
            raise ValueError(f"{source} has no frames")
    # Again from the start, if there are too few.
    images = list(itertools.islice(itertools.cycle(images), count))
    return [
        cv2.resize(image, size[::-1], interpolation=cv2.INTER_CUBIC)
        for image in images
    ]


def time_part(function, repeats, frames=1):
    """`(processor, wall)` milliseconds of one call.

    Args:
        function: called without arguments.
        repeats: how often; the times are means.
        frames: in a call; the times are of one.
    """
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        function()
    processor = time.process_time() - processor
    wall = time.perf_counter() - wall
    share = 1000 / (repeats * frames)
    return processor * share, wall * share
