"""TFDS builder of one's own videos, a folder for each class."""

import dataclasses

import tensorflow_datasets as tfds
from etils import epath

from accel_tf.datasets.clip_builder import ClipBuilder, ClipConfig
from accel_tf.datasets.clip_folder.class_folders import LAYOUT, find_clips


@dataclasses.dataclass(eq=False, kw_only=True)
class ClipFolderConfig(ClipConfig):
    """How videos are stored and divided.

    Attributes:
        validation: share of the videos of each class to validate on, 0 to
            less than 1, where there is no folder `validation`.
        seed: of that choice; what is chosen of one class does not depend on
            the others.

    Raises:
        ValueError: A number is out of range.
    """

    side: int | None = 320
    validation: float = 0.2
    seed: int = 0

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.validation < 1:
            raise ValueError(
                f"validation must be from 0 to below 1, not {self.validation}"
            )
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or more, not {self.seed}")


class ClipFolder(ClipBuilder):
    """Videos or folders of frames, in a folder for each class."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        ClipFolderConfig(
            name="clips", description="Every video is one example."
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
    A folder of videos; the layout is {LAYOUT}.
    """
    # TFDS derives this folder from the module's name, which is wrong where
    # the package is mapped to another folder.
    pkg_dir_path = epath.Path(__file__).parent

    def _find_clips(self, manual_dir, faults):
        config = self.builder_config
        return find_clips(manual_dir, config.validation, config.seed, faults)
