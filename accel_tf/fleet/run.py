"""`accel-tf segment --cluster`: the whole of it."""

import contextlib
import functools
import os
import sys
import time

import tqdm

from accel_tf import messages
from accel_tf.fleet import remote
from accel_tf.fleet.driver import Driver
from accel_tf.fleet.jobs import make_jobs
from accel_tf.fleet.manifest import DONE, NAME, Manifest
from accel_tf.fleet.segmentation import SegmentationFollower
from accel_tf.fleet.targets import remove_state
from accel_tf.segmentation.in_turn import FAILED


def segment_fleet(
    sources,
    folders,
    open_model,
    options,
    settings,
    make_pool,
    part_frames,
    retries,
    mixes_versions=False,
):
    """Segments videos with all workers of a pool.

    Args:
        sources: list of absolute paths and URLs.
        folders: `OutputFolders`, checked.
        open_model: picklable function without arguments that gives `(stream,
            label_map)` in a worker.
        options: `SegmentOptions`.
        settings: dict of plain JSON types that outputs depend on; the same
            command must have the same.
        make_pool: function of a picklable function that makes a worker; gives
            a context manager of a `RayPool`.
        part_frames: frames of a part of a long video.
        retries: further tries of a video or part that fails.
        mixes_versions: as of `Manifest`.

    Returns:
        The exit status: 0, or `FAILED` if a video has failed.

    Raises:
        ValueError, OSError, ImportError: one line, if nothing can be done, or
            outputs have no room; what was done before is kept.
        KeyboardInterrupt: likewise.
    """
    _make(folders.given())
    place = remote.join(folders.given()[0], NAME)
    with Manifest(place, settings, mixes_versions) as manifest:
        jobs = make_jobs(sources, folders, manifest.names)
        new = [job for job in jobs if job.source not in manifest.names]
        _check_free(new, folders)
        for job in new:
            manifest.plan(job.source, job.name)
        manifest.flush()
        left = [job for job in jobs if not _is_done(job, manifest)]
        with contextlib.ExitStack() as stack:
            if left:
                make_worker = functools.partial(
                    _make_worker, open_model, options, part_frames, place
                )
                pool = stack.enter_context(make_pool(make_worker))
            bar = stack.enter_context(_Bar(len(jobs), len(jobs) - len(left)))
            follower = SegmentationFollower(manifest, bar.add, messages.note)
            if left:
                follower.driver = Driver(
                    pool,
                    follower.tasks(left),
                    follower,
                    retries,
                    messages.note,
                )
                follower.driver.run()
        if not manifest.parts:
            for folder in folders.given():
                remove_state(folder)
        return _tell(jobs, manifest, follower, bar)


def _make_worker(*arguments):
    # Imported where it runs: it brings TensorFlow in.
    from accel_tf.fleet.worker import SegmentWorker

    return SegmentWorker(*arguments)


def _make(folders):
    for folder in folders:
        if not remote.is_url(folder):
            os.makedirs(folder, exist_ok=True)


def _check_free(jobs, folders):
    """Nothing of others is replaced: labels are whole folders."""
    for kind in ("labels", "scores"):
        folder = getattr(folders, kind)
        if folder is None or not jobs:
            continue
        is_url = remote.is_url(folder)
        taken = set(remote.names(folder) if is_url else os.listdir(folder))
        for job in jobs:
            place = getattr(job.outputs, kind)
            if job.name in taken and (is_url or not _is_empty(place)):
                raise FileExistsError(
                    f"{place} exists; give another folder, or move it away."
                )


def _is_empty(folder):
    return os.path.isdir(folder) and not os.listdir(folder)


def _is_done(job, manifest):
    """Whether a video is done, and nobody has removed what was written."""
    if manifest.states.get(job.name) != DONE:
        return False
    if all(
        remote.is_url(path) or os.path.exists(path)
        for path in job.outputs.given()
    ):
        return True
    manifest.plan(job.source, job.name)
    return False


def _tell(jobs, manifest, follower, bar):
    done = [job for job in jobs if manifest.states.get(job.name) == DONE]
    frames = sum(manifest.totals[job.name]["frames"] for job in done)
    keys = sum(manifest.totals[job.name]["key_frames"] for job in done)
    rate = f", {bar.rate:.1f} frames per second" if bar.frames else ""
    print(
        f"{len(done)} of {len(jobs)} videos: {frames} frames, {keys} key "
        f"frames{rate}; {manifest.place} has each."
    )
    for source, reason in follower.reasons.items():
        text = reason if source in reason else f"{source}: {reason}"
        print(f"accel-tf: {text}", file=sys.stderr)
    return FAILED if follower.reasons else 0


class _Bar:
    """Videos, frames a second and the time that is left."""

    def __init__(self, count, done):
        self.frames, self._start = 0, time.monotonic()
        self._share = float(done)
        self._bar = tqdm.tqdm(
            total=count,
            initial=done,
            desc="videos",
            bar_format="{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} "
            "[{elapsed}<{remaining}{postfix}]",
            disable=messages.is_quiet(),
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._bar.close()

    @property
    def rate(self):
        """Frames per second of all workers since the first call."""
        return self.frames / max(time.monotonic() - self._start, 1e-9)

    def add(self, share, frames):
        """Counts a share of a video and its frames."""
        self._share += share
        self.frames += frames
        self._bar.set_postfix_str(f"{self.rate:.1f} frames/s", refresh=False)
        # Sums of shares are not exact.
        rounded = round(self._share)
        is_whole = abs(self._share - rounded) < 1e-6
        self._bar.n = rounded if is_whole else self._share
        if share >= 0:  # What is taken back is mostly given again at once.
            self._bar.refresh()
