"""Trains a classifier of clips.

    accel-tf recipe train_classifier CONFIG --set KEY=VALUE

`weights` are files to start from, with `skip_last=true` also of other classes.
`decayed=published` lets weight decay act on the batch normalisations that the
original's rule overlooks; `single_frame=true` shows what can be told without
motion.
"""

from accel_tf.messages import hide_deprecations
from accel_tf.recipes.common.command_line import read_config, run
from accel_tf.training.classifier_recipe import train_classifier
from accel_tf.training.configs import ClassifierConfig


def main(arguments=None):
    config = read_config(__file__, __doc__, ClassifierConfig, arguments)
    hide_deprecations()
    path = train_classifier(config)
    print(f"Trained: {path}")
    print(f"Use it: accel-tf classify VIDEO --model {path}")


if __name__ == "__main__":
    run(main)
