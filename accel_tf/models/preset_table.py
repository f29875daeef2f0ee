"""Makes the tables of what is known of the presets.

    python -m accel_tf.models.preset_table

`preset_table.json` is of segmenters, `classifier_table.json` of classifiers.

To be run again when a preset is added or changed; it takes some minutes,
since all networks are built. The command `accel-tf models` then reads the
table and builds none.
"""

import gc
import itertools
import json
import math
import pathlib

import keras
import numpy as np

from accel_tf.files import write_text
from accel_tf.models import classifier_summary
from accel_tf.models.pixel_counts import Grid, Term, count
from accel_tf.models.presets import describe_preset, from_preset, list_presets

PATH = pathlib.Path(__file__).with_suffix(".json")
# Of maps that are no layer's, such as the buffer of TDNet.
_STRIDES = (2, 4, 8, 16, 24, 32, 64)
# Of frames whose costs tell the factors.
_SIDES = range(65, 2048)


def describe(name):
    """What the table says of a preset: builds it.

    Returns:
        dict: `description`, `parameters`, and `key` and `non_key`, lists of
        `Term.to_list`.
    """
    model = from_preset(name)
    key, non_key = find_terms(model)
    return {
        "description": describe_preset(name),
        "parameters": model.count_params(),
        "key": [term.to_list() for term in key],
        "non_key": [term.to_list() for term in non_key],
    }


def describe_classifier(name):
    """What the table says of a preset of clips: builds it.

    Returns:
        dict: `description`, `parameters`, `clip_multiply_adds`.
    """
    model = from_preset(name)
    frames, height, width = classifier_summary.CLIP
    return {
        "description": describe_preset(name),
        "parameters": sum(
            math.prod(weight.shape) for weight in model.trainable_weights
        ),
        "clip_multiply_adds": model.multiply_adds(height, width, frames),
    }


def find_terms(model):
    """The terms of a model's `multiply_adds`.

    Args:
        model: a `VideoSegmenter`.

    Returns:
        `(key, non_key)`: lists of `Term`s, which give the very numbers for
        frames of any size.

    Raises:
        ValueError: if the cost is no such sum.
    """
    costs = {}

    def cost(size):
        if size not in costs:
            costs[size] = model.multiply_adds(*size)
        return costs[size]

    sizes = np.random.default_rng(0).choice(_SIDES, (200, 2)).tolist()
    sizes = list(map(tuple, sizes))
    for candidates in _candidates(find_grids(model)):
        chosen = sizes[: len(candidates) + 8]
        found = [
            _fit(candidates, chosen, [cost(size)[kind] for size in chosen])
            for kind in ("key", "non_key")
        ]
        if None not in found:
            return found
    raise ValueError(
        f"the cost of {model.name} is no sum over its feature maps."
    )


def _candidates(grids):
    """Lists of what the terms may multiply, the likely ones first.

    Few maps are larger than the frame: most of those are cut before anything
    looks at them. And few networks compare all pixels of two maps.
    """
    within = [grid for grid in grids if grid.added < grid.stride]
    pairs = list(itertools.combinations_with_replacement(within, 2))
    for more in ([], pairs):
        for singles in (within, grids):
            yield [(), *((grid,) for grid in singles), *more]


def _fit(candidates, sizes, costs):
    """The terms that give these costs to the last digit, or `None`."""
    values = np.array(
        [
            [Term(1, grids).count(*size) for grids in candidates]
            for size in sizes
        ],
        "float64",
    )
    scales = values.max(axis=0)
    factors, *_ = np.linalg.lstsq(values / scales, np.array(costs, "float64"))
    terms = [
        Term(round(factor / scale), grids)
        for factor, scale, grids in zip(
            factors, scales, candidates, strict=True
        )
    ]
    terms = [term for term in terms if term.factor]
    is_exact = all(
        count(terms, *size) == cost
        for size, cost in zip(sizes, costs, strict=True)
    )
    return terms if is_exact else None


def find_grids(model):
    """The `Grid`s of all feature maps of a model's networks, sorted.

    And those of the usual strides with sides rounded up, also of frames to
    which a row and a column are added.
    """
    found = {
        Grid(stride, added)
        for stride in _STRIDES
        for added in (stride - 1, stride)
    }
    for network in _networks(model):
        found |= _grids_of(network)
    return sorted(found)


def _networks(model):
    """Functional models that see images, at any depth."""
    for layer in model.layers:
        if hasattr(layer, "operations") and layer.inputs[0].shape[-1] == 3:
            yield layer
        elif hasattr(layer, "layers"):
            yield from _networks(layer)


def _grids_of(network):
    """Grids of the outputs of a network's layers.

    A flow network sees frames of half the size, rounded up.
    """
    probe = keras.Model(
        network.inputs,
        [
            layer.output
            for layer in network.layers
            if len(getattr(layer.output, "shape", ())) == 4
        ],
    )
    first = getattr(network, "observed_stride", 1)
    known = {}

    def sides(side):
        if side not in known:
            shapes = [(1, -(-side // first), 64, 3)] * len(network.inputs)
            shapes = probe.compute_output_shape(
                shapes[0] if len(shapes) == 1 else shapes
            )
            known[side] = [shape[1] for shape in shapes]
        return known[side]

    # Of the frame, for a stride no larger than it.
    start, period = 4096, 4096
    grids = set()
    for index, side in enumerate(sides(start)):
        growth = sides(start + period)[index] - side
        # Larger than the frame by some pixels, or of a fixed size.
        if growth == 0 or period % growth or growth > period:
            continue
        stride = period // growth
        low, high = 0, stride
        # The first step, from which on the side is larger.
        while high - low > 1:
            middle = (low + high) // 2
            if sides(start + middle)[index] > side:
                high = middle
            else:
                low = middle
        grids.add(Grid(stride, side * stride + stride - high - start))
    return grids


def main():
    for kind, describe_one, path in (
        ("segmenter", describe, PATH),
        ("classifier", describe_classifier, classifier_summary.TABLE),
    ):
        table = {}
        for name in list_presets(kind):
            table[name] = describe_one(name)
            print(name, flush=True)
            keras.backend.clear_session()
            gc.collect()
        write_text(path, format_table(table))


def format_table(table):
    """As JSON with a line for each preset."""
    rows = [
        f"{json.dumps(name)}: {json.dumps(row)}" for name, row in table.items()
    ]
    return "{\n" + ",\n".join(rows) + "\n}\n"


if __name__ == "__main__":
    main()
