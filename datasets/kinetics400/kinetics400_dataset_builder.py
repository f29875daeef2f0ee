"""TFDS builder of Kinetics-400, and of other videos in lists like its own."""

import dataclasses

import tensorflow_datasets as tfds
from etils import epath

from accel_tf.datasets.clip_builder import ClipBuilder, ClipConfig
from accel_tf.datasets.kinetics400 import path_lists


@dataclasses.dataclass(eq=False, kw_only=True)
class Kinetics400Config(ClipConfig):
    """Where the videos are and how they are stored.

    Attributes:
        prefix: folder that the paths of the lists start from; relative to the
            folder of the lists, which it is by default.
        num_classes: classes that the lists number from 0.

    Raises:
        ValueError: A number is out of range.
    """

    prefix: str = ""
    num_classes: int = 400

    def __post_init__(self):
        super().__post_init__()
        if self.num_classes < 2:
            raise ValueError(
                f"num_classes must be 2 or more, not {self.num_classes}"
            )


class Kinetics400(ClipBuilder):
    """Videos of human actions (Kay et al., 2017)."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        Kinetics400Config(
            name="videos", description="The files of the videos as they are."
        ),
        Kinetics400Config(
            name="frames_320",
            description="JPEG frames with a short side of at most 320.",
            side=320,
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
    A folder with {", ".join(path_lists.LISTS.values())} (train.csv at least),
    whose lines are the path of a video, a space and the number of its class,
    from 0; paths start from that folder or from the setting prefix. The names
    of the classes may be in {path_lists.NAMES}, one on each line.
    """
    # TFDS derives this folder from the module's name, which is wrong where
    # the package is mapped to another folder.
    pkg_dir_path = epath.Path(__file__).parent

    def _find_clips(self, manual_dir, faults):
        config = self.builder_config
        return path_lists.find_clips(
            manual_dir, config.prefix, config.num_classes
        )
