"""Finished shards of a data set that is not whole yet."""

import dataclasses
import json
import os
import shutil

from accel_tf.files import read_json, replacing, write_text


@dataclasses.dataclass(frozen=True)
class Shard:
    """One finished file of examples.

    Attributes:
        examples: number of examples.
        num_bytes: size of the examples.
        file_bytes: size of the file.
        faults: what was left out, as texts.
    """

    examples: int
    num_bytes: int
    file_bytes: int
    faults: tuple[str, ...]


class ShardStore:
    """Keeps shards between runs, under a key that says what they hold.

    A run that ended early leaves its finished shards here, and the next run
    need not write those again whose key is still the same.

    Args:
        folder: `pathlib.Path`; is created with the first shard.
    """

    def __init__(self, folder):
        self.folder = folder

    def find(self, key):
        """The `Shard` with this key, or None if it is not finished."""
        try:
            fields = read_json(self._about(key))
            shard = Shard(**fields | {"faults": tuple(fields["faults"])})
            size = self._path(key).stat().st_size
        except FileNotFoundError:
            return None
        # After a power failure a file may have its name but not its content.
        return shard if size == shard.file_bytes else None

    def write(self, key, write, faults):
        """Writes a shard; it is in the store when this returns, or not at all.

        Args:
            key: text that may be the name of a file.
            write: function that writes the file of a given path and returns
                the number of examples and their bytes.
            faults: list that `write` adds a text to for each example that it
                leaves out.

        Returns:
            The `Shard`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(key)) as partial:
            examples, num_bytes = write(partial)
            size = partial.stat().st_size
            shard = Shard(examples, num_bytes, size, tuple(faults))
            text = json.dumps(dataclasses.asdict(shard)) + "\n"
            write_text(self._about(key), text)
        return shard

    def publish(self, key, path):
        """Makes a shard also appear as `path`, on the same disk."""
        try:
            # A second name costs nothing, and keeps the shard here should
            # anything fail before the data set is whole.
            os.link(self._path(key), path)
        except OSError:
            os.replace(self._path(key), path)

    def remove(self):
        """Removes the store with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, key):
        return self.folder / f"{key}.shard"

    def _about(self, key):
        return self.folder / f"{key}.json"
