"""TFDS builder of the video snippets of Cityscapes."""

import dataclasses
import os
import pathlib

import tensorflow_datasets as tfds
from etils import epath

from accel_tf.data.label_maps import CITYSCAPES
from accel_tf.datasets.cityscapes_sequences import cityscapes_tree
from accel_tf.datasets.cityscapes_sequences.faults import summarize_faults
from accel_tf.datasets.cityscapes_sequences.resumable_builder import (
    ResumableBuilder,
)
from accel_tf.datasets.cityscapes_sequences.shard_plan import plan_shards
from accel_tf.datasets.cityscapes_sequences.snippet_checks import (
    check_snippets,
)
from accel_tf.datasets.cityscapes_sequences.snippet_images import (
    read_frame,
    read_labels,
)
from accel_tf.datasets.local_info import local_info
from accel_tf.datasets.sequence_features import sequence_features
from accel_tf.messages import tell

_SPLITS = {"train": "train", "validation": "val"}


@dataclasses.dataclass(eq=False, kw_only=True)
class CityscapesSequencesConfig(tfds.core.BuilderConfig):
    """Which frames to take, and in which size.

    Attributes:
        length: frames of each example, up to and including the labelled one,
            1 to 20.
        half_size: frames of 512x1024 rather than 1024x2048.
        cities: names of the cities to take; all that are there without.

    Raises:
        ValueError: `length` is out of range.
    """

    length: int = cityscapes_tree.MAX_LENGTH
    half_size: bool = False
    cities: tuple[str, ...] | None = None

    def __post_init__(self):
        if isinstance(self.cities, str):
            self.cities = (self.cities,)
        if not 1 <= self.length <= cityscapes_tree.MAX_LENGTH:
            raise ValueError(
                f"length must be 1 to {cityscapes_tree.MAX_LENGTH} frames (the "
                f"last is the labelled one), not {self.length}"
            )


def _ready_made(length, half_size):
    size, pixels = ("half", "512x1024") if half_size else ("full", "1024x2048")
    return CityscapesSequencesConfig(
        name=f"{size}_window{length}",
        description=f"{length} frames of {pixels} up to the labelled one."
        if length > 1
        else f"The labelled frames of {pixels}.",
        length=length,
        half_size=half_size,
    )


class CityscapesSequences(ResumableBuilder):
    """Video snippets of Cityscapes, each up to its labelled frame.

    Args:
        on_fault: "error": a missing or broken file ends the build; "skip":
            its snippet is left out, and named in `info.metadata["skipped"]`.
        **arguments: those of `tfds.core.GeneratorBasedBuilder`.

    Raises:
        ValueError: `on_fault` is something else.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        _ready_made(length, half_size)
        for length in (20, 10, 5, 1)
        for half_size in (False, True)
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
    Register at https://www.cityscapes-dataset.com and download
    leftImg8bit_sequence_trainvaltest.zip (324 GB) and
    gtFine_trainvaltest.zip (241 MB). Extract both into this folder, so that
    it holds leftImg8bit_sequence/{train,val}/<city>/ and
    gtFine/{train,val}/<city>/. Some of the cities are enough. For the
    labelled frames alone (length=1), leftImg8bit_trainvaltest.zip (11 GB)
    is enough in the place of the first.
    """
    # TFDS derives this folder from the module's name, which is wrong where
    # the package is mapped to another folder.
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self):
        return local_info(
            self,
            features=sequence_features(CITYSCAPES.names),
            homepage="https://www.cityscapes-dataset.com",
            metadata=tfds.core.MetadataDict(
                colors=[list(color) for color in CITYSCAPES.colors],
                skipped=[],
            ),
        )

    def _split_generators(self, dl_manager):
        config = self.builder_config
        root = pathlib.Path(os.fspath(dl_manager.manual_dir))
        folder = cityscapes_tree.find_frame_folder(root, config.length)
        splits, faults = {}, []
        chosen = _chosen_cities(root, config.cities, folder)
        for split, cities in chosen.items():
            snippets = []
            for city in cities:
                found, missing = cityscapes_tree.find_snippets(
                    root, _SPLITS[split], city, config.length, folder
                )
                snippets += found
                faults += missing
            splits[split], broken = check_snippets(
                root, snippets, config.half_size
            )
            faults += broken
        tell(f"{root}: {_count(splits)}.")
        if faults and self.on_fault == "error":
            raise ValueError(
                f"{root} has {summarize_faults(faults)}; repair the files, or "
                f"have their snippets left out (on_fault='skip' or "
                f"--skip-faults)"
            )
        if not any(splits.values()):
            raise ValueError(
                f"{root} has no snippet to take"
                + (f", but {summarize_faults(faults)}" if faults else "")
            )
        self.info.metadata["skipped"] = [str(fault) for fault in faults]
        return {split: found for split, found in splits.items() if found}

    def _plan_shards(self, split, items, shard_config):
        kind = f"{self.version} {self.info.file_format}"
        half_size = self.builder_config.half_size
        return plan_shards(split, items, half_size, shard_config, kind)

    def _example(self, item):
        snippet, half_size = item.snippet, self.builder_config.half_size
        labels = read_labels(snippet.label, snippet.holds_train_ids, half_size)
        return snippet.sequence_id, {
            "frames": [read_frame(path, half_size) for path in snippet.frames],
            "labels": [labels],
            "label_positions": [len(snippet.frames) - 1],
            "frame_numbers": list(snippet.frame_numbers),
            "sequence_id": snippet.sequence_id,
        }


def _chosen_cities(root, chosen, frame_folder):
    """Names of the cities to take by split."""
    cities = {
        split: cityscapes_tree.list_cities(root, folder, frame_folder)
        for split, folder in _SPLITS.items()
    }
    known = [name for names in cities.values() for name in names]
    if not known:
        raise FileNotFoundError(
            f"{root} has no folder {frame_folder}/train/<city> or "
            f"{frame_folder}/val/<city>; extract "
            f"{frame_folder}_trainvaltest.zip there"
        )
    if chosen is None:
        return cities
    for name in chosen:
        if name not in known:
            raise ValueError(
                f"{root} has no frames of the city {name!r}; there are: "
                f"{', '.join(known)}"
            )
    return {
        split: [name for name in names if name in chosen]
        for split, names in cities.items()
    }


def _count(splits):
    parts = []
    for split, found in splits.items():
        cities = {checked.snippet.city for checked in found}
        parts.append(f"{split} {len(found)} (cities: {len(cities)})")
    return f"whole snippets: {', '.join(parts)}"
