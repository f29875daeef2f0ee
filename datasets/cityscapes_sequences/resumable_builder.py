"""A TFDS builder that continues where an earlier run stopped."""

import abc
import os
import pathlib
import shutil

import tensorflow_datasets as tfds
import tqdm
from tensorflow_datasets.core import units

from accel_tf.datasets.cityscapes_sequences.faults import Fault
from accel_tf.datasets.cityscapes_sequences.shard_store import ShardStore
from accel_tf.datasets.fault_option import FaultOption
from accel_tf.messages import tell


class ResumableBuilder(
    FaultOption, tfds.core.GeneratorBasedBuilder, skip_registration=True
):
    """Writes shards one after the other, each whole or not at all.

    TFDS itself would start from nothing after an interruption, and would need
    the disk space twice, for its shuffling. Here every finished shard waits
    in a folder beside the data set until all are there.

    Subclasses keep a list of texts, what they left out, in
    `info.metadata["skipped"]`.

    The argument `on_fault` is that of `FaultOption`.
    """

    @abc.abstractmethod
    def _split_generators(self, dl_manager):
        """What the examples are made of: a dict of lists by split."""

    @abc.abstractmethod
    def _plan_shards(self, split, items, shard_config):
        """Distributes a list of `_split_generators`: list of `PlannedShard`."""

    @abc.abstractmethod
    def _example(self, item):
        """`(key, example)` of one item; ValueError if a file is broken."""

    def download_and_prepare(self, **arguments):
        """As in TFDS; finished shards of an earlier run are not redone.

        Args:
            **arguments: those of `tfds.core.DatasetBuilder`'s method.

        Raises:
            ValueError: Files are missing or broken; the message names them.
            OSError: The disk has too little space.
        """
        super().download_and_prepare(**arguments)
        self._store().remove()

    def _generate_examples(self, items, faults):
        for item in items:
            try:
                example = self._example(item)
            except (ValueError, OSError) as error:
                if self.on_fault == "error":
                    raise
                faults.append(str(Fault("broken file", str(error))))
                continue
            yield example

    def _generate_splits(self, dl_manager, download_config):
        limit = download_config.max_examples_per_split
        shard_config = download_config.get_shard_config()
        plan = {
            split: self._plan_shards(split, items[:limit], shard_config)
            for split, items in self._split_generators(dl_manager).items()
        }
        store = self._store()
        planned_shards = [shard for shards in plan.values() for shard in shards]
        finished = {}
        for planned in planned_shards:
            shard = store.find(planned.key)
            if shard and not (shard.faults and self.on_fault == "error"):
                finished[planned.key] = shard
        self._check_disk(
            sum(shard.num_bytes for shard in planned_shards),
            sum(shard.file_bytes for shard in finished.values()),
        )
        with tqdm.tqdm(
            total=sum(len(shard.items) for shard in planned_shards),
            desc="Writing",
            unit=" examples",
        ) as progress:
            for planned in planned_shards:
                if planned.key not in finished:
                    finished[planned.key] = self._write_shard(store, planned)
                progress.update(len(planned.items))
        return [
            split_info
            for split, shards in plan.items()
            if (split_info := self._publish(store, split, shards, finished))
        ]

    def _check_disk(self, needed, finished):
        parent = pathlib.Path(self.data_dir_root)
        while not parent.exists():
            parent = parent.parent
        free = shutil.disk_usage(parent).free
        there = (
            f", of which {units.Size(finished)} are there" if finished else ""
        )
        tell(
            f"This takes about {units.Size(needed)} of disk{there}; "
            f"{units.Size(free)} are free in {self.data_dir_root}."
        )
        if needed - finished > free:
            raise OSError(
                f"{self.data_dir_root} has {units.Size(free)} of free disk, "
                f"but about {units.Size(needed - finished)} are needed"
            )

    def _write_shard(self, store, planned):
        faults = []

        def write(path):
            sizes = []

            def serialized():
                for key, example in self._generate_examples(
                    planned.items, faults
                ):
                    data = self.info.features.serialize_example(example)
                    sizes.append(len(data))
                    yield key, data

            self._example_writer().write(path, serialized())
            return len(sizes), sum(sizes)

        return store.write(planned.key, write, faults)

    def _publish(self, store, split, planned_shards, finished):
        """Moves the shards of a split into place; its `SplitInfo`, or None."""
        keys = [
            planned.key
            for planned in planned_shards
            if finished[planned.key].examples
        ]
        for planned in planned_shards:
            self.info.metadata["skipped"] += finished[planned.key].faults
        if not keys:
            return None
        template = self._get_filename_template(split)
        for index, key in enumerate(keys):
            path = template.sharded_filepath(
                shard_index=index, num_shards=len(keys)
            )
            store.publish(key, os.fspath(path))
        return tfds.core.SplitInfo(
            name=split,
            shard_lengths=[finished[key].examples for key in keys],
            num_bytes=sum(finished[key].num_bytes for key in keys),
            filename_template=template,
        )

    def _store(self):
        folder = pathlib.Path(os.fspath(self.data_path)).parent
        return ShardStore(folder / f"unfinished.{self.version}")
