"""Drawn drives with stops and turns, and such with cuts."""

import numpy as np
import tqdm

from accel_tf.data.label_maps import STREETS
from accel_tf.data.streets import street_sequence

HEIGHT, FRAME_RATE, FIRST_SEED = 192, 15.0, 5001


class Sequences(list):
    """Sequences as from `accel_tf.data.sequences`."""

    class_names = STREETS.names


def drawn_drives(numbers, frames):
    """Drives that stop every few seconds and turn in between.

    Args:
        numbers: of the drives, from 0.
        frames: of each.

    Returns:
        `Sequences` of dicts of `frames`, `labels`, `label_positions` and
        `flows`.
    """
    return Sequences(
        _drive(number, frames)
        for number in tqdm.tqdm(numbers, desc="drawing", unit=" drives")
    )


def _drive(number, frames):
    drawn = list(
        street_sequence(
            FIRST_SEED + number,
            HEIGHT,
            2 * HEIGHT,
            frames,
            FRAME_RATE,
            drive="stop-and-go",
        )
    )
    flows = [
        np.where(frame.visible[..., None], frame.flow, np.nan)
        for frame in drawn
    ]
    return {
        "frames": np.stack([frame.image for frame in drawn]),
        "labels": np.stack([frame.labels for frame in drawn])[..., None],
        "label_positions": np.arange(frames),
        "flows": np.stack(flows),
    }


def with_cuts(drives, frames=200, seed=0, longest=15):
    """The same frames in pieces of 5 to `longest`, of the drives in turn.

    The last piece of a drive may be shorter.

    Args:
        drives: from `drawn_drives`, two or more.
        frames: of the whole.
        seed: of the lengths of the pieces and of their order.
        longest: frames of a piece.

    Returns:
        `Sequences` with one video; nothing of one scene has a flow to another.
    """
    rng = np.random.default_rng(seed)
    pieces = []
    for drive in drives:
        starts = [0]
        while starts[-1] < len(drive["frames"]):
            starts.append(starts[-1] + int(rng.integers(5, longest + 1)))
        spans = [slice(*pair) for pair in zip(starts, starts[1:], strict=False)]
        pieces.append([(drive, spans[i]) for i in rng.permutation(len(spans))])
    in_turn = [piece for turn in zip(*pieces, strict=False) for piece in turn]
    video = {
        name: np.concatenate([drive[name][span] for drive, span in in_turn])
        for name in ("frames", "labels", "flows")
    }
    lengths = [len(drive["frames"][span]) for drive, span in in_turn]
    video["flows"][np.cumsum([0, *lengths[:-1]])] = np.nan
    video = {name: values[:frames] for name, values in video.items()}
    video["label_positions"] = np.arange(len(video["frames"]))
    return Sequences([video])
