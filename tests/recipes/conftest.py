"""A miniature data set, configs for it, and models as small."""

import pathlib

import pytest
import tensorflow_datasets as tfds
from small_presets import small_presets

from accel_tf.data.builders import builder_class
from accel_tf.datasets.synthetic_streets import SyntheticStreetsConfig

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


@pytest.fixture(scope="module")
def tiny_presets():
    with small_presets():
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
