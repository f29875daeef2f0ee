"""TFDS builder of Something-Something, versions 1 and 2."""

import dataclasses
from typing import Literal

import tensorflow_datasets as tfds
from etils import epath

from accel_tf.datasets.clip_builder import ClipBuilder, ClipConfig
from accel_tf.datasets.something_something import annotations, clip_files


@dataclasses.dataclass(eq=False, kw_only=True)
class SomethingSomethingConfig(ClipConfig):
    """Which version there is, and where.

    Attributes:
        release: "v1" or "v2".
        clips: folder of the videos or of the folders of frames, from the
            folder of the annotations; by default it is looked for.

    Raises:
        ValueError: A number is out of range, or there is no such release.
    """

    release: Literal["v1", "v2"]
    clips: str | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.release not in ("v1", "v2"):
            raise ValueError(
                f'release must be "v1" or "v2", not {self.release!r}'
            )


class SomethingSomething(ClipBuilder):
    """People do something with something (Goyal et al., ICCV 2017)."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        SomethingSomethingConfig(
            name="v2",
            description="220,847 videos of 174 classes.",
            release="v2",
            side=320,
        ),
        SomethingSomethingConfig(
            name="v1",
            description="108,499 videos of 174 classes, as frames.",
            release="v1",
            frame_rate=12.0,
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
    A folder with the annotations of the release and its videos, as .webm
    files or as folders of frames that are called like the videos' ids. v1:
    something-something-v1-labels.csv, -train.csv and -validation.csv beside
    20bn-something-something-v1. v2: something-something-v2-labels.json,
    -train.json and -validation.json (or labels/labels.json, train.json,
    validation.json) beside 20bn-something-something-v2. The setting clips
    names another folder of videos.
    """
    # TFDS derives this folder from the module's name, which is wrong where
    # the package is mapped to another folder.
    pkg_dir_path = epath.Path(__file__).parent

    def _find_clips(self, manual_dir, faults):
        config = self.builder_config
        names, labels = annotations.read(manual_dir, config.release)
        folder = clip_files.find_folder(
            manual_dir, config.release, config.clips
        )
        return names, {
            split: clip_files.sources(folder, of_ids)
            for split, of_ids in labels.items()
        }
