"""What the functional networks have in common."""

import keras

from accel_tf.models.cost import count_multiply_adds


class Network(keras.Model):
    """A functional model whose config is its constructor's arguments.

    A subclass builds its graph in the constructor, within `network_scope`,
    and keeps its arguments as attributes of the same names, listed in
    `arguments`.
    """

    arguments = ()

    def get_config(self):
        values = {name: getattr(self, name) for name in self.arguments}
        return {
            **{
                name: list(value) if isinstance(value, tuple) else value
                for name, value in values.items()
            },
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Backbone(Network):
    """A network from images to features, which has them at every stride.

        backbone = accel_tf.models.resnet.ResNetV1()
        pyramid = keras.Model(backbone.input, backbone.pyramid_outputs)
        pyramid(images)["P2"]  # a quarter of the images' height and width

    A subclass sets `maps`, a dict of stride -> symbolic feature map, a power
    of two each, and has `output_stride`.
    """

    @property
    def pyramid_outputs(self):
        """Feature maps by level, as the backbones of KerasHub have them.

        A dict of `"P1"`, `"P2"`, ... -> `keras.KerasTensor` `[B, h, w, C]`,
        fine ones first. Level `n` has stride `2 ** n`; where several stages
        keep one, it is the last of them, so that the level of
        `output_stride` is the network's output.
        """
        return {
            f"P{stride.bit_length() - 1}": self.maps[stride]
            for stride in sorted(self.maps)
        }

    def multiply_adds(self, image_shape):
        """Of the convolutions, for images `[B, H, W, 3]` of `image_shape`."""
        return count_multiply_adds(self, image_shape)


def copy_network(network, name, dtype=None):
    """A `Network` like another, with its weights and a name of its own.

    Args:
        network: any `Network`.
        name: of the copy.
        dtype: dtype policy of the copy; `None` keeps it.
    """
    changes = (
        {"name": name} if dtype is None else {"name": name, "dtype": dtype}
    )
    copy = type(network).from_config({**network.get_config(), **changes})
    copy.set_weights(network.get_weights())
    return copy
