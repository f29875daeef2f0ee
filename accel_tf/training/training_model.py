"""What a network has in training alone."""

import keras


class TrainingModel(keras.Model):
    """A network inside the model that `compile` and `fit` are called on.

    The training scripts know wrappers by this class: they feed them with
    `training_data`, compile them with `objectives`, validate and save
    `trained_network`. What they ask of a wrapper by default is nothing.
    """

    @property
    def trained_network(self):
        """The network, trained in place; what is saved."""
        raise NotImplementedError  # abstract

    def objectives(self, loss):
        """The arguments `loss` and `loss_weights` of `compile`.

        Args:
            loss: of the network's own outputs.
        """
        return {"loss": loss}

    def training_data(self, dataset, first):
        """The batches that `fit` needs.

        Args:
            dataset: `tf.data.Dataset` of batches `(input, target)`.
            first: number of the first batch, counted from 1.
        """
        return dataset

    def parts_to_synchronize(self):
        """Where batch normalisation can take statistics over devices."""
        return [self]
