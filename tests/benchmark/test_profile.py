import numpy as np
import pytest
from backend import to_numpy
from small_models import small_accel, small_dff

import accel_tf
from accel_tf.benchmark.profile import Profile
from accel_tf.models.parts import Part, run_parts

SIZE = (64, 96)


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (2, 1, *SIZE, 3), dtype=np.uint8)


@pytest.fixture(
    scope="module",
    params=[small_dff, pytest.param(small_accel, marks=pytest.mark.slow)],
)
def profiled(request, frames):
    """`(model, profile)`."""
    model = accel_tf.fuse_for_inference(request.param())
    return model, Profile(model, frames)


def test_parts_run_one_after_the_other():
    values = {"frame": 3}
    parts = [
        Part("both", ("frame",), ("double", "half"), lambda x: (2 * x, x / 2)),
        Part("sum", ("double", "half", "frame"), ("sum",), lambda *x: sum(x)),
    ]
    run_parts(parts, values)
    assert values["sum"] == 6 + 1.5 + 3


def test_the_parts_are_the_whole(profiled, frames):
    model, profile = profiled
    stream = accel_tf.VideoStream(model)
    stream(frames[0])
    labels = stream(frames[1])
    assert not stream.is_key and len(np.unique(labels)) > 1
    assert (to_numpy(profile.values["labels"]) == labels).mean() > 0.999

    described = profile.describe()
    cost = model.multiply_adds(*SIZE)["non_key"]
    assert sum(part["multiply_adds"] for part in described) == cost
    # The tail counts as the transposed convolution that it stands for.
    pixels = -(-SIZE[0] // model.output_stride)
    pixels *= -(-SIZE[1] // model.output_stride)
    tail = pixels * model.num_classes * (2 * model.output_stride) ** 2
    assert described[-1]["multiply_adds"] == tail

    times = profile.time()
    assert list(times) == [part["part"] for part in described]
    assert all(wall > 0 for wall, _ in times.values())


def test_bytes_are_those_of_inputs_outputs_and_weights(profiled):
    model, profile = profiled
    parts = {part["part"]: part for part in profile.describe()}
    height, width = SIZE
    small = 4 * 3 * height * width // 4
    assert parts["frame conversion"]["bytes"] == 3 * height * width + small
    stride = model.output_stride
    flow = 4 * 2 * (height // stride) * (width // stride)
    weights = 4 * model.flow_network.count_params()
    assert parts["flow network"]["bytes"] == 2 * small + flow + weights
