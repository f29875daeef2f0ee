"""Trains Deep Feature Flow end to end, through the warp.

    python recipes/train_dff.py recipes/configs/CONFIG.py --set KEY=VALUE

The same command goes on with a run that was stopped. Settings are those of
`accel_tf.training.configs.SegmentationConfig`. The model is put together
from `reference` and `flow`, trained by `train_deeplab.py` and
`train_flow.py`; or it is the preset `model`, with `weights` to start from.
"""

from command_line import read_config, run
from initial_model import preset_model

from accel_tf.models.deeplab import DeepLab
from accel_tf.models.dff import DeepFeatureFlow
from accel_tf.models.flownet import FlowNetS
from accel_tf.models.restore import load_keras_model
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


def main(arguments=None):
    config = read_config(SegmentationConfig, __doc__, arguments)
    print(f"Trained: {train_segmenter(config, build_model)}")


if __name__ == "__main__":
    run(main)
