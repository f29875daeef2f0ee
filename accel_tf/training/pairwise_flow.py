"""Training of a flow network on pairs of frames."""

import keras

from accel_tf.models.flownet import flow_image
from accel_tf.models.resnet import subtract_mean
from accel_tf.training.training_model import TrainingModel


@keras.saving.register_keras_serializable(package="accel_tf")
class PairwiseFlow(TrainingModel):
    """A flow network that takes raw frames, for `compile` and `fit`.

    Called on `[B, 2, H, W, 3]`, RGB 0..255, the previous frame first; gives
    the network's flow from the current frame to the previous one.

    Args:
        flow_network: as `FlowNetS`; trained in place.
    """

    def __init__(self, flow_network, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.flow_network = flow_network
        self.built = True

    @property
    def trained_network(self):
        return self.flow_network

    def call(self, pair, training=None):
        images = subtract_mean(pair)
        return self.flow_network(
            [flow_image(images[:, 1]), flow_image(images[:, 0])],
            training=training,
        )

    def get_config(self):
        return {
            "flow_network": keras.saving.serialize_keras_object(
                self.flow_network
            ),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        network = keras.saving.deserialize_keras_object(
            config.pop("flow_network")
        )
        return cls(network, **config)
