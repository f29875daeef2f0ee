"""What a sequence has scored, as plain JSON types: no digit is lost."""

import numpy as np

from accel_tf.metrics import TemporalConsistency


def pack_scores(scored):
    """What `Run.scored` gives, as plain JSON types.

    Args:
        scored: dict from `Run.scored`.

    Returns:
        dict.
    """
    confusions = scored["confusions"]
    counts = {
        name: int(value)
        for name, value in scored.items()
        if name not in ("confusions", "frame_scores", "temporal")
    }
    return {
        "confusions": [
            [int(distance), matrix.tolist()]
            for distance, matrix in confusions.items()
        ],
        "frame_scores": list(map(float, scored["frame_scores"])),
        "temporal": scored["temporal"] and _pack_temporal(scored["temporal"]),
        **counts,
    }


def unpack_scores(packed):
    """The opposite of `pack_scores`."""
    return packed | {
        "confusions": {
            distance: np.array(rows, "int64")
            for distance, rows in packed["confusions"]
        },
        "temporal": packed["temporal"] and _unpack_temporal(packed["temporal"]),
    }


def _pack_temporal(temporal):
    return {
        "confusion": temporal.confusion.tolist(),
        "flickering": int(temporal.flickering),
        "followed": int(temporal.followed),
        "changes": [
            [kind, *map(int, counts)]
            for kind, counts in temporal.changes.items()
        ],
    }


def _unpack_temporal(packed):
    temporal = TemporalConsistency(len(packed["confusion"]))
    temporal.confusion = np.array(packed["confusion"], "int64")
    temporal.flickering = packed["flickering"]
    temporal.followed = packed["followed"]
    temporal.changes = {
        kind: tuple(counts) for kind, *counts in packed["changes"]
    }
    return temporal
