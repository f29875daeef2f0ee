"""Trains Deep Feature Flow end to end, through the warp.

    accel-tf recipe train_dff CONFIG --set KEY=VALUE

The model is put together from `reference` and `flow`, trained by
`train_deeplab` and `train_flow`; or it is the preset `model`, with `weights`
to start from.
"""

from accel_tf.models.deeplab import DeepLab
from accel_tf.models.dff import DeepFeatureFlow
from accel_tf.models.flownet import FlowNetS
from accel_tf.models.keras_files import load_keras_model
from accel_tf.recipes.common.command_line import run, training_main
from accel_tf.recipes.common.initial_model import preset_model
from accel_tf.training.configs import SegmentationConfig
from accel_tf.training.recipe import train_segmenter


def build_model(config, label_map):
    if not (config.reference and config.flow):
        return preset_model(config, label_map, DeepFeatureFlow)
    return DeepFeatureFlow.from_parts(
        load_keras_model(config.reference, DeepLab),
        load_keras_model(config.flow, FlowNetS),
        name=config.model,
        dtype=config.precision,
    )


def train(config):
    return train_segmenter(config, build_model)


main = training_main(__file__, __doc__, train, SegmentationConfig)


if __name__ == "__main__":
    run(main)
