"""What the builders of videos with a class share."""

import abc
import dataclasses

import tensorflow_datasets as tfds

from accel_tf.datasets.clip_features import clip_features
from accel_tf.datasets.clip_sources import read_source
from accel_tf.datasets.fault_option import FaultOption, raise_or_note
from accel_tf.datasets.found_features import (
    replace_features,
    stored_features,
)
from accel_tf.datasets.local_info import local_info


@dataclasses.dataclass(eq=False, kw_only=True)
class ClipConfig(tfds.core.BuilderConfig):
    """How videos are stored.

    Attributes:
        side: frames whose short side is longer are brought to it, and videos
            are stored as JPEG images of their frames, which takes more disk
            space and trains many times as fast; None keeps all files as they
            are.
        frame_rate: frames per second of folders of frames.

    Raises:
        ValueError: A number is out of range.
    """

    side: int | None = None
    frame_rate: float = 30.0

    def __post_init__(self):
        if self.side is not None and self.side < 1:
            raise ValueError(f"side must be 1 pixel or more, not {self.side}")
        if not self.frame_rate > 0:
            raise ValueError(
                f"frame_rate must be above 0, not {self.frame_rate}"
            )


class ClipBuilder(
    FaultOption, tfds.core.GeneratorBasedBuilder, skip_registration=True
):
    """Reads the videos that a subclass finds.

    The classes are known once the files have been read: until the data set is
    built, `builder.info.features` is None. The argument `on_fault` is that of
    `FaultOption`: skipped are videos that are missing, broken or cut off.
    """

    @abc.abstractmethod
    def _find_clips(self, manual_dir, faults):
        """What there is to read.

        Args:
            manual_dir: `epath.Path`.
            faults: as of `raise_or_note`.

        Returns:
            `(class_names, splits)`, the latter a dict from name to a list of
            `ClipSource`.

        Raises:
            ValueError, OSError: A list or a folder is not as it should be.
        """

    def _info(self):
        return local_info(
            self,
            features=stored_features(self),
            metadata=tfds.core.MetadataDict(),
        )

    def _download_and_prepare(self, dl_manager, download_config):
        # TFDS asks for the features before it asks for the splits.
        self._faults = self.new_faults()
        names, splits = self._find_clips(dl_manager.manual_dir, self._faults)
        replace_features(self, clip_features(names))
        self._sources = {
            split: _present(clips, self._faults)
            for split, clips in splits.items()
        }
        super()._download_and_prepare(dl_manager, download_config)
        self.info.metadata["skipped"] = self._faults or []

    def _split_generators(self, dl_manager):
        return {
            split: self._generate_examples(split, sources)
            for split, sources in self._sources.items()
        }

    def _generate_examples(self, split, sources):
        config, count = self.builder_config, 0
        for source in sources:
            try:
                example = read_source(source, config.side, config.frame_rate)
            except (ValueError, OSError) as error:
                raise_or_note(error, self._faults)
                continue
            count += 1
            yield source.clip_id, example
        if not count:
            raise ValueError(
                f"no video of the split {split!r} can be read"
                + (f"; the first fault: {self._faults[0]}" * bool(self._faults))
            )


def _present(sources, faults):
    """Those that are there; all others are named before one is read."""
    missing = [source.path for source in sources if not source.path.exists()]
    if missing and faults is None:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise FileNotFoundError(
            f"there is no {missing[0]}{more}; --skip-faults leaves out what "
            "is missing"
        )
    for path in missing:
        faults.append(f"there is no {path}")
    gone = set(missing)
    return [source for source in sources if source.path not in gone]
