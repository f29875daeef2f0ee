"""The videos of a fleet: what is next of each, and what came of it."""

import dataclasses

from accel_tf.fleet.driver import Task
from accel_tf.fleet.manifest import DONE, FAILED, PLANNED


class SegmentationFollower:
    """Knows of each video what is next; for `Driver`.

    Args:
        manifest: `Manifest`.
        on_progress: called with the share of a video that is done, and the
            frames that it was.
        on_note: called with one line about what is worth knowing.

    Attributes:
        reasons: dict of source -> why it has failed.
        driver: the `Driver`, to be set before it runs.
    """

    def __init__(self, manifest, on_progress, on_note):
        self._manifest = manifest
        self._progress, self._note = on_progress, on_note
        self._videos, self._notes, self._under_way = {}, set(), {}
        self.reasons, self.driver = {}, None

    def tasks(self, jobs):
        """The first task of each video that is not done.

        Args:
            jobs: iterable of `VideoJob`.

        Yields:
            `Task`.
        """
        for job in jobs:
            if self._manifest.states.get(job.name) != DONE:
                yield self._begin(job)

    def _begin(self, job, is_alone=False):
        arguments = (
            job,
            job.name not in self._manifest.whole,
            job.name in self._manifest.parts,
        )
        return Task(job, "begin", arguments, is_alone)

    def done(self, task, value):
        """Takes the result of a task; gives those that are next."""
        for line in (value or {}).get("notes", ()):
            self._note_once(line)
        return getattr(self, f"_{task.method}_done")(task.key, task, value)

    def progress(self, task, share, frames):
        """Takes what is done of a task; nothing when it has ended.

        Args:
            task: `Task`.
            share: of it, 0..1.
            frames: that were segmented.
        """
        share *= self._share_of(task)
        frames *= task.method != "join"  # They have been counted.
        share_before, frames_before = self._under_way.pop(task, (0.0, 0))
        if share or frames:
            self._under_way[task] = share, frames
        self._progress(share - share_before, frames - frames_before)

    def _share_of(self, task):
        """Of the video."""
        if task.method == "begin":
            return 1.0
        video = self._videos.get(task.key.name)
        if video is None:
            return 0.0
        return video.share_of_part if task.method == "part" else 1 - video.share

    def failed(self, task, reason):
        """Takes note that a video cannot be done."""
        job = task.key
        if task.method == "clean":
            return self._note(f"{job.source}: {reason}")
        video = self._videos.pop(job.name, None)
        self._progress(1 - (video.share if video else 0), 0)
        self.reasons[job.source] = reason
        line = {"name": job.name, "state": FAILED, "reason": reason}
        self._manifest.add(line)

    def _begin_done(self, job, task, value):
        if "report" in value:
            return self._finish(job, value["report"], 1.0)
        video = self._videos[job.name] = _Video(value["parts"])
        known = self._manifest.parts.get(job.name, {})
        for part in value["parts"]:
            line = known.get(part.number)
            if line and (line["first"], line["end"]) == (part.first, part.end):
                video.reports[part.number] = line["report"]
                video.digests[part.number] = line["digests"]
                self._progress(video.share_of_part, 0)
        return [
            Task(job, "part", (job, part))
            for part in video.parts
            if part.number not in video.reports
        ] or self._parts_done(job, video)

    def _part_done(self, job, task, value):
        video = self._videos[job.name]
        if "whole" in value:
            return self._in_one_part(job, video, value["whole"])
        part = task.arguments[1]
        video.reports[part.number] = value["report"]
        video.digests[part.number] = value["digests"]
        self._manifest.add(
            {
                "name": job.name,
                "part": part.number,
                "first": part.first,
                "end": part.end,
                "report": value["report"],
                "digests": value["digests"],
            }
        )
        self._progress(video.share_of_part, value["report"]["frames"])
        if len(video.reports) < len(video.parts):
            return []
        return self._parts_done(job, video)

    def _parts_done(self, job, video):
        """Joins the parts, if each began with the frame it should."""
        digests = [video.digests[part.number] for part in video.parts]
        for (_, after), (first, _) in zip(digests, digests[1:], strict=False):
            if after != first:
                reason = "frames decode to others in the middle of the file"
                return self._in_one_part(job, video, reason)
        reports = [video.reports[part.number] for part in video.parts]
        return [Task(job, "join", (job, reports), is_alone=True)]

    def _in_one_part(self, job, video, reason):
        """Begins a video anew that cannot be done in parts."""
        self._note(f"{job.source} is done in one part: {reason}")
        self._progress(-video.share, 0)
        del self._videos[job.name]
        self.driver.forget(job)
        self._manifest.add(
            {"name": job.name, "state": PLANNED, "whole": reason}
        )
        return [self._begin(job, is_alone=True)]

    def _join_done(self, job, task, value):
        video = self._videos.pop(job.name)
        self._finish(job, value["report"], 1 - video.share, False)
        return [Task(job, "clean", (job,))]

    def _clean_done(self, job, task, value):
        return []

    def _finish(self, job, report, share, is_new=True):
        self._manifest.add({"name": job.name, "state": DONE, **report})
        self._progress(share, report["frames"] if is_new else 0)
        return []

    def _note_once(self, line):
        if line not in self._notes:
            self._notes.add(line)
            self._note(line)


@dataclasses.dataclass(eq=False)
class _Video:
    """A video in parts; reports and digests by the number of the part."""

    parts: list
    reports: dict = dataclasses.field(default_factory=dict)
    digests: dict = dataclasses.field(default_factory=dict)

    @property
    def share_of_part(self):
        # Some is left for what joins them.
        return 1 / (len(self.parts) + 1)

    @property
    def share(self):
        """Of the video that is done."""
        return len(self.reports) * self.share_of_part
