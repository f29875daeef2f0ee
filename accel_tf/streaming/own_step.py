"""The step of a model that compiles itself."""

import numpy as np

from accel_tf.streaming.enlarge_labels import enlarge_labels
from accel_tf.streaming.host_array import host_array


def own_step(model, keep_scores=False):
    """The step of a model in another runtime, as `compile_step` gives it.

    Args:
        model: has a method `compile_step`.
        keep_scores: whether scores are wanted.

    Raises:
        ValueError: if they are.
    """
    if keep_scores:
        raise ValueError(
            f"{model.name} runs outside of Keras and gives labels alone, "
            "no scores."
        )
    step = model.compile_step()

    def step_at(frame, state, is_key, size=None):
        labels, state = step(frame, state, is_key)
        if size is not None:
            labels = np.stack(
                [enlarge_labels(x, size) for x in host_array(labels)]
            )
        return labels, None, state, {}

    return step_at
