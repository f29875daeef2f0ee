"""Trains a per-frame PSPNet, with its auxiliary loss.

    python recipes/train_pspnet.py recipes/configs/CONFIG.py --set KEY=VALUE

The same command goes on with a run that was stopped. Settings are those of
`accel_tf.training.configs.SegmentationConfig`; `weights` are files to start
from.
"""

from command_line import read_config, run
from initial_model import preset_model

from accel_tf.models.pspnet import PSPNet
from accel_tf.models.pspnet.pspnet_training import PSPNetTraining
from accel_tf.training.configs import SegmentationConfig
from accel_tf.training.recipe import train_segmenter


def build_model(config, label_map):
    return PSPNetTraining(preset_model(config, label_map, PSPNet))


def main(arguments=None):
    config = read_config(SegmentationConfig, __doc__, arguments)
    print(f"Trained: {train_segmenter(config, build_model)}")


if __name__ == "__main__":
    run(main)
