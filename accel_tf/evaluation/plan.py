"""Which frames of a sequence an evaluation runs."""

from accel_tf.evaluation.choices import MODES


def check_mode(mode, temporal=False, adaptive=False, steady=False):
    """Makes sure that there is such a mode.

    Args:
        mode: any.
        temporal: whether consecutive frames are needed.
        adaptive: whether a policy chooses the key frames.
        steady: as of `VideoStream`.

    Raises:
        ValueError: if there is no such mode, or it skips frames that are
            needed.
    """
    if mode not in MODES:
        raise ValueError(
            f"mode must be one of {', '.join(MODES)}, got {mode!r}."
        )
    if temporal and mode != "stream":
        raise ValueError(
            "temporal consistency needs consecutive frames: use the mode "
            f"'stream', not {mode!r}."
        )
    if adaptive and mode != "stream":
        raise ValueError(
            "key frames that are chosen as the video comes need the mode "
            f"'stream', not {mode!r}."
        )
    if steady and mode != "stream":
        raise ValueError(
            "a steady stream uses key frames later than they come: use the "
            f"mode 'stream', not {mode!r}."
        )


def plan_passes(
    positions,
    interval,
    mode,
    first_number=0,
    has_key_frames=True,
    independent=False,
):
    """Plans the passes over one sequence.

    A pass starts anew and goes on frame by frame. Labelled frames that can
    share a pass do, and no frame is in a pass that is not needed.

    Args:
        positions: of the labelled frames, ascending indices into the frames.
        interval: frames from one key frame to the next.
        mode: one of `MODES`.
        first_number: labelled frames of the split before this sequence.
        has_key_frames: without key frames there is no distance; a labelled
            frame is scored once, as the last of `interval` frames.
        independent: whether the labels of a frame depend on that frame
            alone; then it is run without any other.

    Returns:
        `(passes, skipped)`: dict of the first frame's index -> ascending
        indices of the frames to score; and how many scores are left out
        because the sequence starts too late for their distance.
    """
    passes, skipped = {}, 0
    for number, position in enumerate(positions, first_number):
        if independent:
            starts = [position]
        elif mode == "stream":
            starts = [0]
        elif mode == "worst" or not has_key_frames:
            starts = [position - interval + 1]
        elif mode == "average":
            starts = [position - number % interval]
        else:
            starts = range(position, position - interval, -1)
        for start in starts:
            if start < 0:
                skipped += 1
            else:
                passes.setdefault(start, []).append(position)
    return dict(sorted(passes.items())), skipped
