"""Trains Accel: the paper's protocol, in which only the fusion learns.

    accel-tf recipe train_accel CONFIG --set KEY=VALUE

`--set trainable=all` goes beyond the paper and trains everything. The model
is put together from `reference`, `flow` and `update` (which Accel-101 does not
have), trained by `train_deeplab` and `train_flow`; or it is the preset
`model`, with `weights` to start from, such as the published files of DFF,
DeepLab-101 and DeepLab-18.
"""

from accel_tf.models.accel import Accel, FeatureFusionAccel
from accel_tf.models.accel.fusion_start import reset_fusion
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.flownet import FlowNetS
from accel_tf.models.keras_files import load_keras_model
from accel_tf.recipes.common.command_line import run, training_main
from accel_tf.recipes.common.initial_model import preset_model
from accel_tf.training.configs import SegmentationConfig
from accel_tf.training.recipe import train_segmenter


def build_model(config, label_map):
    if config.reference and config.flow:
        model = _from_parts(config)
    else:
        kinds = (Accel, FeatureFusionAccel)
        model = preset_model(config, label_map, kinds)
    if config.fusion_start != "model":
        reset_fusion(model, config.fusion_start)
    return model


def _from_parts(config):
    parts = {
        "reference": load_keras_model(config.reference, DeepLab),
        "flow_network": load_keras_model(config.flow, FlowNetS),
        "name": config.model,
        "dtype": config.precision,
    }
    if config.update is None:
        return FeatureFusionAccel.from_parts(**parts)
    update = load_keras_model(config.update, DeepLab)
    return Accel.from_parts(**parts, update=update)


def train(config):
    return train_segmenter(config, build_model)


main = training_main(__file__, __doc__, train, SegmentationConfig)


if __name__ == "__main__":
    run(main)
