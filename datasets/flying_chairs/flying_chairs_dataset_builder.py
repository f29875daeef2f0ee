"""TFDS builder of FlyingChairs."""

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from accel_tf.datasets.flying_chairs import release_folder
from accel_tf.datasets.flying_chairs.flow_files import read_flow, read_ppm
from accel_tf.datasets.image_files import check_same_size
from accel_tf.datasets.local_info import local_info
from accel_tf.datasets.sequence_features import sequence_features

# The schema has class names; no label map ever uses this one.
CLASS_NAMES = ("unlabelled",)


class FlyingChairs(tfds.core.GeneratorBasedBuilder):
    """Pairs of images with true flow (Dosovitskiy et al., ICCV 2015).

    The flow of FlyingChairs goes from the first image to the second, that of
    this library from a frame back to the one before. So the second image is
    stored as the previous frame, and the first as the current one.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First version."}
    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(
            name="pairs", description="Every pair of images is one sequence."
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"""\
    Download FlyingChairs.zip (31 GB) from
    {release_folder.PAGE}/FlyingChairs.en.html and extract it in this
    folder, so that it holds {release_folder.RELEASE}/data/00001_img1.ppm,
    00001_img2.ppm, 00001_flow.flo and so on (63 GB); put
    {release_folder.PAGE}/FlyingChairs/{release_folder.LIST}
    into {release_folder.RELEASE}. The data may be used for research only.
    """
    # TFDS derives this folder from the module's name, which is wrong where
    # the package is mapped to another folder.
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self):
        features = dict(sequence_features(CLASS_NAMES, with_flow=True).items())
        # Half of the flow is the zeros of the previous frames.
        features["flows"] = tfds.features.Tensor(
            shape=(None, None, None, 2),
            dtype=np.float32,
            encoding=tfds.features.Encoding.ZLIB,
            doc=features["flows"].doc,
        )
        return local_info(
            self,
            features=tfds.features.FeaturesDict(features),
            homepage=f"{release_folder.PAGE}/FlyingChairs.en.html",
        )

    def _split_generators(self, dl_manager):
        splits = release_folder.read_splits(dl_manager.manual_dir)
        return {
            split: self._generate_examples(pairs)
            for split, pairs in splits.items()
        }

    def _generate_examples(self, pairs):
        for pair in pairs:
            yield pair.name, _read_pair(pair)


def _read_pair(pair):
    current, previous = read_ppm(pair.first), read_ppm(pair.second)
    flow = read_flow(pair.flow)
    size = current.shape[:2]
    check_same_size(pair.second, previous.shape[:2], pair.first, size)
    check_same_size(pair.flow, flow.shape[:2], pair.first, size)
    return {
        "frames": [previous, current],
        "labels": [],
        "label_positions": [],
        "frame_numbers": [2, 1],
        "sequence_id": pair.name,
        "flows": np.stack([np.zeros_like(flow), flow]),
    }
