"""The archives that `benchmark_fleet simulate` gives to fleets."""

import random

from accel_tf.recipes.common.fleet_simulation import Fleet

SIZES = (1, 100, 300, 1000, 3000)
"""Workers."""

_CLIPS = "10,000 clips, 1 minute on average"
_DRIVES = "100 drives of 2 hours, in parts"
_WHOLE = "100 drives of 2 hours, whole"
_FAULTY = "clips; 1 % of the workers slow, one lost every 5 hours"
ARCHIVES = (_CLIPS, _FAULTY, _DRIVES, _WHOLE)

_RATE = 25  # Frames per second.
_PART = 3000
_FRAME_BYTES = 4e6 / 8 / _RATE  # 4 megabits per second, as of 720p.
_LABEL_BYTES = 10e3  # Of a label image of 720p, about.
_WORKER_BANDWIDTH = 1e9 / 8


def fleet(archive, workers, frame_seconds, store_gigabits, cost):
    """The `Fleet` that does an archive.

    Args:
        archive: one of `ARCHIVES`.
        workers: how many.
        frame_seconds: of a worker.
        store_gigabits: per second.
        cost: dict of `spread` and `task_milliseconds`, as measured.
    """
    videos, more = [2 * 3600 * _RATE] * 100, {}
    if archive in (_CLIPS, _FAULTY):
        draw = random.Random(0)
        # Most are short and some long: a mean of 60 s.
        videos = [
            max(_RATE, round(_RATE * draw.lognormvariate(3.8, 0.76)))
            for _ in range(10000)
        ]
    if archive == _FAULTY:
        more = {"slow_share": 0.01, "lost_after": 5 * 3600.0}
    return Fleet(
        workers,
        videos,
        None if archive == _WHOLE else _PART,
        frame_seconds,
        spread=tuple(cost["spread"]),
        dispatch_seconds=cost["task_milliseconds"] / 1000,
        frame_bytes=_FRAME_BYTES,
        label_bytes=_LABEL_BYTES,
        store_bandwidth=store_gigabits * 1e9 / 8,
        worker_bandwidth=_WORKER_BANDWIDTH,
        start_seconds=30.0,
        **more,
    )
