"""An MXNet and a checkout of the original Accel, small, to time them."""

import numpy as np

# Networks of a few operations in the place of MXNet's.
MXNET = """
import numpy as np

__version__ = "1.9.1"


class Array:
    def __init__(self, values):
        self.values = np.array(values, "float32")
        self.shape = self.values.shape

    def copyto(self, other):
        other.values[...] = self.values

    def asnumpy(self):
        return self.values


class nd:
    array = Array

    def save(path, tensors):
        with open(path, "wb") as file:  # numpy adds an ending to paths
            np.savez(file, **{n: t.values for n, t in tensors.items()})

    def argmax(array, axis):
        return Array(array.values.argmax(axis))


def cpu():
    return None


class Symbol:
    def __init__(self, kind, outputs=None):
        self.kind, self.outputs = kind, outputs

    def get_internals(self):
        return {name: Symbol(self.kind, [name]) for name in (
            "res5c_relu_output", "croped_score_output",
            "warping_feat_output", "correction_output")}

    def infer_shape(self, data):
        return None, [(1, 1, *data[2:])], None

    def list_arguments(self):
        names = ["data", "data_key", "feat_key"]
        return [*names[: 1 if self.kind == "key" else 3], "conv1_bias"]

    def simple_bind(self, context, grad_req, **shapes):
        print("a message that is no answer")
        assert sorted(shapes) == sorted(set(self.list_arguments()) - {
            "conv1_bias"})
        return Executor(self.kind, self.outputs)


class sym:
    def Group(symbols):
        outputs = [name for s in symbols for name in s.outputs]
        return Symbol(symbols[0].kind, outputs)


class Executor:
    def __init__(self, kind, outputs):
        self.kind, self.outputs = kind, outputs
        self.arg_dict = {"conv1_bias": Array([0.0])}
        self.aux_dict = {"bn_moving_var": Array([0.0])}

    def forward(self, is_train, **inputs):
        assert not is_train
        inputs = {name: value.values for name, value in inputs.items()}
        red = inputs["data"][:, :1] + self.arg_dict["conv1_bias"].values
        if self.kind == "key":
            features = red
        else:
            features = inputs["feat_key"] - inputs["data_key"][:, 1:2]
        scores = np.concatenate([features, -features], axis=1)
        if "correction_output" in self.outputs:
            scores[:, :1] += red
        return [Array(features), Array(scores)]
"""
# As published: syntax and modules of Python 2.
BASE = """
import cPickle
import mxnet as mx
from utils.symbol import Symbol
from operator_py.proposal import *

class resnet_v1_101_flownet_deeplab(Symbol):
    pass
"""
SYSTEM = """
import cPickle
import mxnet as mx
from operator_py.tile_as import *
from resnet_v1_101_flownet_deeplab import *

class NAME(resnet_v1_101_flownet_deeplab):
    def get_key_test_symbol(self, cfg):
        print 'classes', cfg.dataset.NUM_CLASSES
        return mx.Symbol("key")

    def get_cur_test_symbol(self, cfg):
        return mx.Symbol("non-key")
"""


def write_mxnet(folder):
    """Makes `folder`, which a path of modules may name; returns it."""
    folder.mkdir()
    (folder / "mxnet.py").write_text(MXNET)
    return folder


def write_checkout(root):
    """Fills `root` with the files that are read of the original."""
    symbols = root / "dff_deeplab" / "symbols"
    symbols.mkdir(parents=True)
    (symbols / "resnet_v1_101_flownet_deeplab.py").write_text(BASE)
    for depth in (18, 34, 50, 101):
        name = f"accel_{depth}"
        (symbols / f"{name}.py").write_text(SYSTEM.replace("NAME", name))
    utils = root / "lib" / "utils"
    utils.mkdir(parents=True)
    (utils / "__init__.py").touch()
    (utils / "symbol.py").write_text("class Symbol:\n    pass\n")
    return root


def expected_labels(frames, bias, scores):
    """What the small networks make of a clip."""
    images = frames - np.array([123.15, 115.90, 103.06])
    labels = []
    for index, image in enumerate(images):
        red = image[..., 0] + bias
        if index == 0 or scores is None:
            features = red
            first = red
        else:
            features = features - images[index - 1][..., 1]
            first = features + red * (scores == "correction_output")
        labels.append(-features > first)
    return np.array(labels)
