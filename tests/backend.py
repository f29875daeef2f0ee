"""Gradients and arrays, whatever the Keras backend."""

import keras
import numpy as np
from keras import ops


def to_numpy(tensor):
    return np.asarray(ops.convert_to_numpy(tensor))


def gradients(function, *inputs):
    """Gradients of a scalar function of float32 arrays, as numpy arrays."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(x) for x in inputs]
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        results = tape.gradient(value, tensors)
        results = [tf.convert_to_tensor(result) for result in results]
    elif backend == "jax":
        import jax

        argnums = tuple(range(len(inputs)))
        results = jax.grad(function, argnums)(*inputs)
    else:
        import torch

        tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
        results = torch.autograd.grad(function(*tensors), tensors)
    return [to_numpy(result) for result in results]
