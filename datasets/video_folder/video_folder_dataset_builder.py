"""TFDS builder of a folder of one's own clips."""

import dataclasses

import tensorflow_datasets as tfds
from etils import epath

from accel_tf.data.dataset_labels import COLORS_KEY, NOTES_KEY
from accel_tf.datasets import image_files
from accel_tf.datasets.clip_files import read_clip
from accel_tf.datasets.fault_option import FaultOption
from accel_tf.datasets.found_features import (
    replace_features,
    stored_features,
)
from accel_tf.datasets.local_info import local_info
from accel_tf.datasets.sequence_features import sequence_features
from accel_tf.datasets.video_folder import class_list, clip_folders
from accel_tf.messages import tell


@dataclasses.dataclass(eq=False, kw_only=True)
class VideoFolderConfig(tfds.core.BuilderConfig):
    """How to cut clips into examples.

    Attributes:
        window: frames of an example, the labelled one last; None: a whole
            clip with all its labels is one example.

    Raises:
        ValueError: `window` is below 1.
    """

    window: int | None = None

    def __post_init__(self):
        if self.window is not None and self.window < 1:
            raise ValueError(f"window must be 1 or more, not {self.window}")


class VideoFolder(FaultOption, tfds.core.GeneratorBasedBuilder):
    """Clips with labels for some, all or none of their frames.

    The classes are known once the folder has been read: until the data set
    is built, `builder.info.features` is None. The argument `on_fault` is that
    of `FaultOption`: skipped are examples with a broken frame, broken label
    images, and pixels of a value or colour that is no class.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        VideoFolderConfig(
            name="clips", description="Every clip is one example."
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
    A folder with the frames of each clip as
    <split>/<clip>/frames/<number>.png or .jpg, label images for some of them
    as <split>/<clip>/labels/<number>.png, and {class_list.FILE_NAME}, which
    lists the classes in order, one on each line: name red green blue. The
    splits are called train, validation or as you like. Label images hold
    8-bit class indices (255: ignored), a palette of them, or the RGB colours
    that {class_list.FILE_NAME} lists, where the name
    {class_list.IGNORED_NAME} is for colours to ignore. Other values than the
    indices follow the colour: person 220 20 60 = 255.
    """
    # TFDS derives this folder from the module's name, which is wrong where
    # the package is mapped to another folder.
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self):
        return local_info(
            self,
            features=stored_features(self),
            metadata=tfds.core.MetadataDict(),
        )

    def _download_and_prepare(self, dl_manager, download_config):
        # TFDS asks for the features before it asks for the splits.
        manual_dir = dl_manager.manual_dir
        self._classes = class_list.read_class_list(
            manual_dir / class_list.FILE_NAME
        )
        self._clips = clip_folders.read_splits(manual_dir)
        label_map = self._classes.label_map
        image_format = image_files.common_format(
            path
            for clips in self._clips.values()
            for clip in clips
            for path in clip.frames
        )
        replace_features(
            self, sequence_features(label_map.names, image_format=image_format)
        )
        self.info.metadata[COLORS_KEY] = list(label_map.colors)
        self._readers = {
            split: class_list.CountingReader(self._classes.read_classes)
            for split in self._clips
        }
        self._faults = self.new_faults()
        super()._download_and_prepare(dl_manager, download_config)
        self.info.metadata["skipped"] = self._faults or []
        notes = [
            class_list.describe_counts(split, reader.counts, label_map)
            for split, reader in self._readers.items()
        ]
        self.info.metadata[NOTES_KEY] = [note for note in notes if note]
        for note in self.info.metadata[NOTES_KEY]:
            tell(f"note: {note}")

    def _split_generators(self, dl_manager):
        return {
            split: self._generate_examples(clips, self._readers[split])
            for split, clips in self._clips.items()
        }

    def _generate_examples(self, clips, read_classes):
        window = self.builder_config.window
        for whole in clips:
            pieces = clip_folders.windows(whole, window) if window else [whole]
            bits = image_files.common_bits(whole.frames)
            for clip in pieces:
                example = read_clip(clip, read_classes, bits, self._faults)
                if example:
                    yield clip.sequence_id, example
