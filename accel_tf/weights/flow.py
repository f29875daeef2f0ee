"""The optical flow network that comes with the package."""

import pathlib

from accel_tf.models.flownet.lucas_kanade_net import LucasKanadeNet

WEIGHTS = pathlib.Path(__file__).with_name("flow_small.weights.h5")
"""Its weights in float16; FLOW.md says how they came about."""


def load_flow_network(dtype=None, name="flow_network"):
    """The flow network of the package, for `accel_tf.propagate`.

    Args:
        dtype: dtype policy of the layers; `None` is Keras' default.
        name: of the network.

    Returns:
        `LucasKanadeNet`; stride 4.

    Raises:
        FileNotFoundError: if the package was installed without its data.
    """
    if not WEIGHTS.is_file():
        raise FileNotFoundError(
            f"the installed package lacks its weights {WEIGHTS}; install it "
            "anew or train them with recipes/train_flow.py"
        )
    network = LucasKanadeNet(dtype=dtype, name=name)
    network.load_weights(WEIGHTS)
    return network
