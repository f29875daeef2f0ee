"""Trains a per-frame PSPNet, with its auxiliary loss.

    accel-tf recipe train_pspnet CONFIG --set KEY=VALUE

`weights` are files to start from.
"""

from accel_tf.models.pspnet import PSPNet
from accel_tf.models.pspnet.pspnet_training import PSPNetTraining
from accel_tf.recipes.common.command_line import run, training_main
from accel_tf.recipes.common.initial_model import preset_model
from accel_tf.training.configs import SegmentationConfig
from accel_tf.training.recipe import train_segmenter


def build_model(config, label_map):
    return PSPNetTraining(preset_model(config, label_map, PSPNet))


def train(config):
    return train_segmenter(config, build_model)


main = training_main(__file__, __doc__, train, SegmentationConfig)


if __name__ == "__main__":
    run(main)
