"""A miniature data set, configs for it, and models as small."""

import pathlib

import pytest
import tensorflow_datasets as tfds
from small_models import (
    small_flow_network,
    small_pre_activation_resnet,
    small_resnet_v1,
)

from accel_tf.data.builders import builder_class
from accel_tf.datasets.synthetic_streets import SyntheticStreetsConfig
from accel_tf.models import presets
from accel_tf.models.accel import Accel
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.dff import DeepFeatureFlow

CONFIG = """
from accel_tf.data.augmentation import Augmentation
from accel_tf.training.configs import {kind}

config = {kind}(
    data="synthetic_streets/miniature",
    data_dir={data_dir!r},
    out={out!r},
    augmentation=Augmentation(crop=(48, 64)),
    batch_size=2,
    steps=4,
    steps_per_epoch=2,
    learning_rate=1e-3,
    {more}
)
"""


def _deeplab(num_classes, **kwargs):
    return DeepLab(small_resnet_v1(), num_classes, head_filters=16, **kwargs)


def _light_deeplab(num_classes, **kwargs):
    backbone = small_pre_activation_resnet()
    return DeepLab(backbone, num_classes, head_filters=16, **kwargs)


def _dff(num_classes, **kwargs):
    parts = small_resnet_v1(), small_flow_network()
    return DeepFeatureFlow(*parts, num_classes, head_filters=16, **kwargs)


def _accel(num_classes, **kwargs):
    parts = (
        small_resnet_v1(name="reference_backbone"),
        small_flow_network(),
        small_pre_activation_resnet(name="update_backbone"),
    )
    return Accel(*parts, num_classes, head_filters=16, **kwargs)


@pytest.fixture(scope="module")
def tiny_presets():
    """The tiny presets, with networks that are built in a moment."""
    small = {
        "deeplab_tiny": _deeplab,
        "deeplab_tiny_light": _light_deeplab,
        "dff_tiny": _dff,
        "accel_tiny": _accel,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, construct in small.items():
            patch.setitem(presets._PRESETS, name, ("", construct))
        yield


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    builder_class("synthetic_streets")
    config = SyntheticStreetsConfig(
        name="miniature",
        height=64,
        width=96,
        train_sequences=4,
        train_length=3,
        validation_sequences=1,
        validation_length=3,
    )
    tfds.builder(
        "synthetic_streets", config=config, data_dir=folder
    ).download_and_prepare()
    return folder


@pytest.fixture
def write_config(tmp_path, data_dir):
    def write(kind="SegmentationConfig", name="config", **more):
        path = tmp_path / f"{name}.py"
        settings = ",\n    ".join(f"{k}={v!r}" for k, v in more.items())
        out = str(tmp_path / "out")
        path.write_text(
            CONFIG.format(
                kind=kind, data_dir=str(data_dir), out=out, more=settings
            )
        )
        return str(path), pathlib.Path(out)

    return write
