"""Trains a flow network.

    python recipes/train_flow.py recipes/configs/CONFIG.py --set KEY=VALUE

The same command goes on with a run that was stopped. Settings are those of
`accel_tf.training.configs.FlowConfig`: the objective is "supervised" (the
data set's true flow), "stills" (single frames under a simulated camera) or
"photometric" (any video, no truth).
"""

from command_line import read_config, run

from accel_tf.training.configs import FlowConfig
from accel_tf.training.recipe import train_flow_network


def main(arguments=None):
    config = read_config(FlowConfig, __doc__, arguments)
    print(f"Trained: {train_flow_network(config)}")


if __name__ == "__main__":
    run(main)
