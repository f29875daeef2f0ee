"""Trains a flow network.

    accel-tf recipe train_flow CONFIG --set KEY=VALUE

The objective is "supervised" (the data set's true flow), "stills" (single
frames under a simulated camera), "photometric" (any video, no truth) or
"taught" (any video, and the flow that OpenCV's dense inverse search finds).
"""

from accel_tf.recipes.common.command_line import run, training_main
from accel_tf.training.configs import FlowConfig
from accel_tf.training.recipe import train_flow_network

main = training_main(__file__, __doc__, train_flow_network, FlowConfig)


if __name__ == "__main__":
    run(main)
