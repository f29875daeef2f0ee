"""Where outputs of a video go: whole or not at all, also in parts.

What is not whole yet lies in a folder `.fleet` beside the target. A folder of
this machine is then renamed. Object stores rename nothing: there the file that
describes a folder (`classes.json`, `scores.json`) comes last.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile

from accel_tf.fleet import remote
from accel_tf.partial_folders import partial_folder

STATE = ".fleet"
"""Name of the folder with what is not whole."""


class FileTarget:
    """A file that is written at once.

    Args:
        place: path or URL.
    """

    def __init__(self, place):
        self.place = place

    @contextlib.contextmanager
    def writing(self):
        """Gives the path to write; afterwards the file is in its place."""
        if not remote.is_url(self.place):
            yield self.place
            return
        name = self.place.rpartition("/")[2]
        with partial_folder(tempfile.gettempdir(), 0o700) as folder:
            yield str(folder / name)
            remote.upload([folder / name], [self.place])

    def clear(self):
        """Nothing: a file is replaced as a whole."""


class FolderTarget:
    """A folder of files, which may come in parts.

    Args:
        place: path or URL.
        description: name of the file in it that describes the others.
    """

    def __init__(self, place, description):
        self.place, self._description = place, description
        parent, name = remote.parent(place), place.rpartition("/")[2]
        self._state = remote.join(parent, STATE)
        self._stage = remote.join(self._state, name)
        self._is_url = remote.is_url(place)

    @contextlib.contextmanager
    def writing(self):
        """Gives a path to write the whole folder to."""
        if not self._is_url:
            self.clear()
            yield self.place
            return
        with self.writing_part() as (folder, keep):
            yield folder
            keep(lambda name: name)
        self.finish()

    @contextlib.contextmanager
    def writing_part(self):
        """Gives a path to write a part to, and a function that keeps it.

        Yields:
            `(path, keep)`; `keep(rename)` puts the files in their place,
            `rename` being a function from the name of a file to that which it
            gets, or `None` to leave it out.
        """
        beside = tempfile.gettempdir() if self._is_url else self._state
        os.makedirs(beside, exist_ok=True)
        with partial_folder(beside) as folder:
            path = folder / "part"
            yield str(path), lambda rename: self._keep(path, rename)

    def _keep(self, folder, rename):
        names = {path: rename(path.name) for path in folder.iterdir()}
        names = {path: name for path, name in names.items() if name is not None}
        if self._is_url:
            # The description would say that the folder is whole.
            places = {
                path: self._description_place()
                if name == self._description
                else remote.join(self.place, name)
                for path, name in names.items()
            }
            remote.upload(list(places), list(places.values()))
            return
        os.makedirs(self._stage, exist_ok=True)
        for path, name in names.items():
            os.replace(path, os.path.join(self._stage, name))

    def _description_place(self):
        return remote.join(self._stage, self._description)

    @contextlib.contextmanager
    def reading(self):
        """Gives a path to read the parts from, when they are all there."""
        if not self._is_url:
            # Who was lost after `finish` does it all again.
            is_there = os.path.isdir(self._stage)
            yield self._stage if is_there else self.place
            return
        with partial_folder(tempfile.gettempdir(), 0o700) as folder:
            remote.download_folder(self.place, folder)
            path = folder / self._description
            remote.download(self._description_place(), path)
            yield str(folder)

    def finish(self):
        """The parts are all there: makes the folder appear."""
        if self._is_url:
            remote.copy(
                self._description_place(),
                remote.join(self.place, self._description),
            )
            return
        if os.path.isdir(self.place) and not os.path.isdir(self._stage):
            return
        shutil.rmtree(self.place, ignore_errors=True)
        os.replace(self._stage, self.place)

    def clear(self):
        """Removes what there is."""
        _remove(self.place)
        self.clear_parts()

    def clear_parts(self):
        """Removes what is not whole."""
        _remove(self._stage)


def targets_of(job):
    """The targets of a video.

    Args:
        job: `VideoJob`.

    Returns:
        dict of `"video"`, `"labels"`, `"scores"` and `"json"`, those that are
        wanted -> `FileTarget` or `FolderTarget`.
    """
    outputs, targets = job.outputs, {}
    if outputs.video is not None:
        targets["video"] = FileTarget(outputs.video)
    if outputs.json is not None:
        targets["json"] = FileTarget(outputs.json)
    if outputs.labels is not None:
        targets["labels"] = FolderTarget(outputs.labels, "classes.json")
    if outputs.scores is not None:
        targets["scores"] = FolderTarget(outputs.scores, "scores.json")
    return targets


def folders_of_parts(job):
    """The folders that parts of a video are written to.

    A drawing needs the labels of all parts; where they are not wanted, they
    go when it is there.

    Args:
        job: `VideoJob`.

    Returns:
        dict of `"labels"` and `"scores"`, where there are any ->
        `FolderTarget`.
    """
    targets = targets_of(job)
    folders = {
        kind: targets[kind] for kind in ("labels", "scores") if kind in targets
    }
    if "video" in targets and "labels" not in folders:
        parent, _, name = job.outputs.video.rpartition("/")
        place = remote.join(parent, STATE, f"{name}.labels")
        folders["labels"] = FolderTarget(place, "classes.json")
    return folders


def remove_parts(job):
    """Removes what is left of the parts of a video that is done.

    Args:
        job: `VideoJob`.
    """
    wanted = targets_of(job)
    for kind, target in folders_of_parts(job).items():
        target.clear_parts() if kind in wanted else target.clear()
    if job.outputs.json is not None:
        PartsOfRecord(job.outputs.json).clear()


class PartsOfRecord:
    """The lines of a record that is written in parts.

    Args:
        place: path or URL of the record.
    """

    def __init__(self, place):
        name = f"{place.rpartition('/')[2]}.parts"
        self._folder = remote.join(remote.parent(place), STATE, name)

    def write(self, number, text):
        """Keeps the text of a part."""
        place = self._place(number)
        if remote.is_url(place):
            remote.write(place, text.encode())
            return
        os.makedirs(self._folder, exist_ok=True)
        from accel_tf.files import write_text

        write_text(place, text)

    def read(self, number):
        """Gives the text of a part."""
        place = self._place(number)
        if remote.is_url(place):
            return remote.read(place).decode()
        return pathlib.Path(place).read_text("utf-8")

    def clear(self):
        """Removes all parts."""
        _remove(self._folder)

    def _place(self, number):
        return remote.join(self._folder, f"{number:05d}.json")


def _remove(place):
    if remote.is_url(place):
        remote.remove(place)
    else:
        shutil.rmtree(place, ignore_errors=True)


def remove_state(folder):
    """Removes the folder `STATE` of a folder of outputs.

    Args:
        folder: path or URL of what holds outputs.
    """
    _remove(remote.join(folder, STATE))
