"""Trains a classifier of clips.

    accel-tf recipe train_classifier CONFIG --set KEY=VALUE

`weights` are files to start from, with `skip_last=true` also of other classes.
`decayed=published` lets weight decay act on the batch normalisations that the
original's rule overlooks; `single_frame=true` shows what can be told without
motion.
"""

from accel_tf.recipes.common.command_line import read_config, run
from accel_tf.training.classifier_recipe import train_classifier
from accel_tf.training.configs import ClassifierConfig


def main(arguments=None):
    config = read_config(__file__, __doc__, ClassifierConfig, arguments)
    path = train_classifier(config)
    print(f"Trained: {path}")
    print(f"Use it: {usage(path, config)}")


def usage(path, config):
    """The command that classifies a video with a trained model.

    Args:
        path: of its file.
        config: `ClassifierConfig` that it was trained with.
    """
    command = f"accel-tf classify VIDEO --model {path}"
    if config.sampling.step is not None:
        command += (
            f" --frames {config.sampling.frames}x{config.sampling.step:g}"
        )
    return command


if __name__ == "__main__":
    run(main)
