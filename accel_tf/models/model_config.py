"""From a model to its config, and back."""

import keras


class ModelConfig:
    """What models inherit to be stored in a `.keras` file.

    A model adds its arguments to `get_config`, networks among them by
    `serialize_network`.
    """

    @staticmethod
    def serialize_network(network):
        """The config of a network that is an argument of the constructor."""
        config = keras.saving.serialize_keras_object(network)
        # That it was compiled, for training alone, is not part of it.
        config.pop("compile_config", None)
        config.pop("build_config", None)
        return config

    @classmethod
    def from_config(cls, config):
        """Builds the model; networks among the arguments are made first."""

        def made(value):
            if isinstance(value, list):
                return [made(each) for each in value]
            if isinstance(value, dict) and "class_name" in value:
                return keras.saving.deserialize_keras_object(value)
            return value

        return cls(
            **{
                key: value if key == "dtype" else made(value)
                for key, value in config.items()
            }
        )
