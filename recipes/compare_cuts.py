"""How well cuts are found: on spliced videos, flashes, pans and fades.

    accel-tf recipe compare_cuts --videos drives/*.mp4 clips/*.mkv

Clips of 12 frames of these videos, and of drawn drives, are spliced, and such
of 24 are changed; of each kind as many real ones as drawn ones. A cut counts as
found if the very first frame after it is taken for it. `make readme` makes the
table.
"""

import json

import numpy as np
import tqdm

from accel_tf.files import write_text
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.drawn_cuts import drawn_drives
from accel_tf.recipes.common.recorded import results_file
from accel_tf.recipes.common.splices import KINDS, splice
from accel_tf.streaming import FixedInterval, SceneCuts
from accel_tf.video import open_video

SIDE = 192
DRAWN = (3, 4, 5)


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--videos", nargs="+", required=True, metavar="FILE")
    parser.add_argument("--count", type=int, default=100, metavar="N")
    parser.add_argument(
        "--json", default=results_file("cuts.json"), metavar="FILE"
    )
    options = parser.parse_args(arguments)
    videos = {"real": [_read(path) for path in tqdm.tqdm(options.videos)]}
    drives = drawn_drives(DRAWN, 48)
    videos["drawn"] = [drive["frames"] for drive in drives]
    rows = [
        _score(kind, where, clips, options.count)
        for kind in KINDS
        for where, clips in videos.items()
    ]
    for row in rows:
        print(*row.values())
    write_text(options.json, json.dumps({"rows": rows}, indent=1) + "\n")


def _read(path):
    """Small frames of a video: `SceneCuts` looks at few pixels anyway."""
    with open_video(path) as video:
        step = max(video.height // SIDE, 1)
        frames = [frame[::step, ::step].copy() for frame in video]
    return np.stack(frames)


def _score(kind, where, videos, count):
    rng = np.random.default_rng(sum(map(ord, kind + where)))
    row = {"kind": kind, "videos": where, "clips": count}
    row |= dict.fromkeys(("cuts", "found", "missed", "false"), 0)
    for _ in tqdm.trange(count, desc=f"{kind}, {where}"):
        frames, cuts = splice(kind, videos, rng)
        found = _found(frames)
        row["cuts"] += len(cuts)
        row["found"] += len(found & cuts)
        row["missed"] += len(cuts - found)
        row["false"] += len(found - cuts)
    return row


def _found(frames):
    """Indices of the frames that are taken for the first of a scene."""
    policy, found = SceneCuts(FixedInterval(5)), set()
    for index, frame in enumerate(frames):
        if policy.is_cut(frame[None]):
            found.add(index)
        policy.observe(False, {})
    return found


if __name__ == "__main__":
    run(main)
