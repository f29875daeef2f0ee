"""What the functional networks have in common."""

import keras


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
