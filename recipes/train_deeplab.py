"""Trains a per-frame DeepLab.

    accel-tf recipe train_deeplab CONFIG --set KEY=VALUE

`weights` are files to start from, `imagenet` is a file of ImageNet weights for
the backbone, `backbone` a model that was trained on other classes.
"""

from accel_tf.models.deeplab import DeepLab
from accel_tf.models.keras_files import load_keras_model
from accel_tf.models.resnet.imagenet_start import load_imagenet_start
from accel_tf.recipes.common.command_line import run, training_main
from accel_tf.recipes.common.initial_model import preset_model
from accel_tf.training.configs import SegmentationConfig
from accel_tf.training.recipe import train_segmenter


def build_model(config, label_map):
    model = preset_model(config, label_map, DeepLab)
    if config.imagenet:
        print(load_imagenet_start(model.backbone, config.imagenet))
    if config.backbone:
        trained = load_keras_model(config.backbone, DeepLab).backbone
        model.backbone.set_weights(trained.get_weights())
    return model


def train(config):
    return train_segmenter(config, build_model)


main = training_main(__file__, __doc__, train, SegmentationConfig)


if __name__ == "__main__":
    run(main)
