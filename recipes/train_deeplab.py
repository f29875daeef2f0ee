"""Trains a per-frame DeepLab.

    python recipes/train_deeplab.py recipes/configs/CONFIG.py --set KEY=VALUE

The same command goes on with a run that was stopped. Settings are those of
`accel_tf.training.configs.SegmentationConfig`; `weights` are files to start
from, `imagenet` is a file of ImageNet weights for the backbone, `backbone` a
model that was trained on other classes.
"""

from command_line import read_config, run
from initial_model import preset_model

from accel_tf.models.deeplab import DeepLab
from accel_tf.models.resnet.imagenet_start import load_imagenet_start
from accel_tf.models.restore import load_keras_model
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


def main(arguments=None):
    config = read_config(SegmentationConfig, __doc__, arguments)
    print(f"Trained: {train_segmenter(config, build_model)}")


if __name__ == "__main__":
    run(main)
