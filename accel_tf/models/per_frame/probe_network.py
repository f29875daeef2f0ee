"""What a Keras model takes and gives, found without running it."""

import dataclasses

import keras

from accel_tf.messages import one_line
from accel_tf.models.dry_run import dry_run
from accel_tf.models.per_frame.frame_grid import FrameGrid

_SIZE = (256, 512)
# Sides that a network asks for are this many times its stride at most.
_MOST = 64


@dataclasses.dataclass(frozen=True)
class NetworkFacts:
    """Of a network from images to scores.

    Attributes:
        num_classes: channels of the scores.
        grid: `FrameGrid`.
    """

    num_classes: int
    grid: FrameGrid


def probe_network(
    network, output=None, output_stride=None, multiple_of=None, size=None
):
    """Finds the stride of the scores and the sizes that a network takes.

    Args:
        network: `keras.Model`; one without weights yet is built.
        output: name of the output, if it gives a dict.
        output_stride, multiple_of, size: as for `per_frame`.

    Returns:
        `NetworkFacts`.

    Raises:
        ValueError: if the network takes no images `[B, H, W, 3]`, or gives
            no scores `[B, h, w, classes]`.
    """
    fixed = _fixed_size(network)
    if size and fixed not in (None, size):
        raise ValueError(
            f"{network.name} takes images of {list(fixed)} pixels, not of "
            f"{list(size)}."
        )
    size = size or fixed
    shape = scores_shape(network, size or _SIZE, output)
    height, width, num_classes = shape[1:]
    if not num_classes or not height or not width:
        raise ValueError(_wrong_output(network, shape))
    if size:
        return NetworkFacts(
            num_classes, fixed_grid(size, (height, width), output_stride)
        )
    stride = _SIZE[0] // height
    if (height * stride, width * stride) != _SIZE:
        raise ValueError(
            f"the scores of {network.name} for an image of "
            f"{list(_SIZE)} pixels are {[height, width]}: no whole number of "
            "pixels each."
        )
    if output_stride not in (None, stride):
        raise ValueError(
            f"output_stride is {output_stride}, but {network.name} gives "
            f"scores at stride {stride}."
        )
    if multiple_of is None:
        multiple_of = _find_multiple(network, output, stride)
    elif multiple_of < 1 or multiple_of % stride:
        raise ValueError(
            f"multiple_of must be a multiple of the stride {stride}, not "
            f"{multiple_of}."
        )
    return NetworkFacts(num_classes, FrameGrid(stride, multiple_of))


def fixed_grid(size, scores_size, output_stride=None):
    """The grid of a network for images of one size.

    Args:
        size: `(height, width)` of the images.
        scores_size: `(height, width)` of what it gives for them.
        output_stride: for the frame's scores; by default nearest to the
            network's own.
    """
    pairs = list(zip(size, scores_size, strict=True))
    # 513 pixels, 65 scores: the first and the last on the outermost pixels.
    aligns_corners = all(
        old % new and new > 1 and (old - 1) % (new - 1) == 0
        for old, new in pairs
    )
    stride = max(1, round(min(old / new for old, new in pairs)))
    return FrameGrid(
        output_stride or stride,
        size=tuple(size),
        aligns_corners=aligns_corners,
    )


def scores_shape(network, size, output=None):
    """Shape of the scores of one image of a size, `[1, h, w, classes]`.

    Raises:
        ValueError: if the network cannot take it, or gives something else.
    """
    image = (1, *size, 3)
    try:
        if not network.built:
            network(keras.KerasTensor(image, "float32"))
        result = dry_run(network, image)
    except Exception as error:
        reason = one_line(error)
        raise ValueError(
            f"{network.name} takes no images of {list(size)} pixels: {reason}"
        ) from error
    result = select_output(result, output, network.name)
    shape = tuple(result.shape)
    if len(shape) != 4:
        raise ValueError(_wrong_output(network, shape))
    return shape


def select_output(result, output, name):
    """One tensor of what a network gives.

    Raises:
        ValueError: if there are several and none is chosen, or there is
            none of that name.
    """
    if isinstance(result, list | tuple) and len(result) == 1:
        result = result[0]
    if isinstance(result, dict):
        if output is None and len(result) == 1:
            return next(iter(result.values()))
        if output in result:
            return result[output]
        raise ValueError(
            f"{name} has the outputs {', '.join(sorted(result))}: choose "
            f"one by output=, not {output!r}."
        )
    if isinstance(result, list | tuple):
        raise ValueError(
            f"{name} has {len(result)} outputs; wrap a keras.Model that has "
            "the scores alone."
        )
    if output is not None:
        raise ValueError(f"{name} has one output, and none named {output!r}.")
    return result


def _fixed_size(network):
    """`(height, width)` of the only images that it takes, or `None`."""
    try:
        inputs = network.inputs
    except (AttributeError, ValueError):
        return None
    if not inputs:
        return None  # a model of its own `call`
    shapes = [tuple(each.shape) for each in inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][-1] != 3:
        raise ValueError(
            f"{network.name} must take images [B, H, W, 3], not "
            f"{', '.join(map(str, shapes))}."
        )
    _, height, width, _ = shapes[0]
    if height is None and width is None:
        return None
    if height is None or width is None:
        raise ValueError(
            f"{network.name} takes images {shapes[0]}: one side fixed and "
            "one free; fix both or none."
        )
    return height, width


def _find_multiple(network, output, stride):
    """The least multiple of the stride that all sides may have."""
    multiple = stride
    while multiple <= _MOST * stride:
        # Odd times the multiple: no larger one divides them.
        times = 2 * (96 // multiple) + 1
        size = (times * multiple, (times + 2) * multiple)
        expected = tuple(side // stride for side in size)
        try:
            if scores_shape(network, size, output)[1:3] == expected:
                return multiple
        except ValueError:
            pass
        multiple *= 2
    raise ValueError(
        f"no multiple of its stride {stride} found whose images "
        f"{network.name} takes; say which by multiple_of=."
    )


def _wrong_output(network, shape):
    return (
        f"{network.name} must give scores [B, h, w, classes], not "
        f"{tuple(shape)}."
    )
