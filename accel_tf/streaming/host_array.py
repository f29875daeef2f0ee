"""Tensors of whatever framework as arrays."""

import numpy as np


def host_array(tensor):
    """The numpy array of a tensor; without Keras, of what is one already."""
    if isinstance(tensor, np.ndarray):
        return tensor
    from keras import ops

    return np.asarray(ops.convert_to_numpy(tensor))
