"""PSPNet and TDNet keep the contract; and what TDNet adds to it."""

import keras
import model_checks
import numpy as np
import pytest
from backend import to_numpy
from keras import ops
from model_tools import (
    assert_close,
    assert_labels,
    copy_of,
    record_calls,
    run,
    scenes,
    sublayers,
)
from small_models import (
    SMALL_PYRAMID_MODELS,
    built,
    small_dilated_resnet,
    small_pspnet,
    small_td2,
    small_td4,
)

import accel_tf
from accel_tf.models.pspnet import PyramidPooling, normalize_image
from accel_tf.models.tdnet import FANet, TDNet
from accel_tf.models.tdnet.temporal_path import subsample
from accel_tf.ops import resize_bilinear

# The others share all that the checks below look at with these.
UNLIKE = ["pspnet", "td2"]
# Of which only that of four paths keeps queries.
with_queries = pytest.mark.parametrize("make", ["pspnet", "td4"], indirect=True)
SLOW_TD4 = pytest.param("td4", marks=pytest.mark.slow)


def quick(*names):
    """The small models, of which all but these are slow."""
    return [
        name if name in names else pytest.param(name, marks=pytest.mark.slow)
        for name in SMALL_PYRAMID_MODELS
    ]


@pytest.fixture(params=UNLIKE)
def make(request):
    return lambda: built(request.param)


# === The contract ===


@pytest.mark.parametrize("make", quick("td4"), indirect=True)
def test_config(make):
    model_checks.check_config(make)


def test_saving(make, tmp_path):
    model_checks.check_saving(make, tmp_path)


@pytest.mark.parametrize("make", ["pspnet", SLOW_TD4, "td2"], indirect=True)
def test_clip_and_stream(make):
    model_checks.check_clip_and_stream(make)


@pytest.mark.parametrize("make", quick("pspnet", "td2_fanet"), indirect=True)
# The maps of the smallest frames have one pixel to attend to.
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1")
def test_sizes_and_tensor_key(make):
    model_checks.check_sizes_and_tensor_key(make)


@with_queries
def test_state(make):
    model_checks.check_state(make)


def test_frame_dtypes(make):
    model_checks.check_frame_dtypes(make)


@with_queries
def test_batch(make):
    model_checks.check_batch(make)


def test_native_stride(make):
    model_checks.check_native_stride(make)


@pytest.mark.parametrize("make", quick("pspnet", "td2"), indirect=True)
def test_mixed_float16(make):
    model_checks.check_mixed_precision(make, "mixed_float16", noise=0.02)


@pytest.mark.parametrize("make", ["td2"], indirect=True)
def test_mixed_bfloat16(make):
    model_checks.check_mixed_precision(make, "mixed_bfloat16", noise=0.2)


def test_training():
    """Without dropout, whose noise is not the same on all backends."""
    model_checks.check_training(
        lambda: small_pspnet(dropout=0.0), run_eagerly=True
    )


def test_bad_shapes(make):
    model_checks.check_bad_shapes(make)


def test_native_logits_are_resized_with_aligned_corners(make):
    model, frame = make(), scenes(length=1)[:, 0]
    state = model.initial_state(1, 48, 64)
    full, _ = model.step(frame, state)
    native, _ = model.step(frame, state, native_stride=True)
    assert_close(resize_bilinear(native, (48, 64), align_corners=True), full)
    corners = to_numpy(native)[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    assert_close(to_numpy(full)[:, [0, 0, -1, -1], [0, -1, 0, -1]], corners)


@pytest.mark.parametrize("make", SMALL_PYRAMID_MODELS, indirect=True)
def test_every_variable_has_a_path_of_its_own(make):
    paths = [variable.path for variable in make().weights]
    assert len(set(paths)) == len(paths)


# === Taking turns ===


def test_each_frame_runs_one_path():
    model = built("td4")
    clip = scenes(length=5)
    state = model.initial_state(1, 48, 64)
    for index in range(5):
        backbones = [path.backbone for path in model.paths]
        with record_calls(backbones) as calls:
            _, state = model.step(clip[:, index], state)
        assert calls == [f"backbone_{index % 4 + 1}"]
        assert to_numpy(state["phase"]).tolist() == [(index + 1) % 4]
        assert to_numpy(state["buffered_frames"]).tolist() == [
            min(index + 1, 3)
        ]


@pytest.mark.parametrize("name", [SLOW_TD4, "td2_fanet"])
def test_a_stream_goes_on_after_a_full_turn(name):
    """The compiled step knows every phase; labels are those of `step`."""
    model = built(name)
    length = len(model.paths) + 3
    clip = scenes(length=length)
    logits, _ = run(model, clip)
    stream = accel_tf.VideoStream(model)
    for index in range(length):
        assert_labels(stream(clip[:, index]), logits[index])
        assert stream.is_key  # as of all models without key frames


def test_a_stream_of_another_size_starts_again():
    model = built("td2")
    stream = accel_tf.VideoStream(model)
    for frame in scenes(length=3).swapaxes(0, 1):
        stream(frame)
    other = scenes(length=2, height=40, width=72)
    expected, _ = run(model, other)
    for index in range(2):
        assert_labels(stream(other[:, index]), expected[index])


@pytest.mark.parametrize(
    "start", [*(pytest.param(n, marks=pytest.mark.slow) for n in (1, 6)), 3, -1]
)
def test_start_phase(start):
    model, clip = built("td4"), scenes(length=2)
    state = model.initial_state(1, 48, 64, start_phase=start)
    for index in range(2):
        logits, state = model.step(clip[:, index], state)
    assert_close(model(clip, start_phase=start), logits)
    tensor = ops.convert_to_tensor(start, "int32")
    assert_close(model(clip, start_phase=tensor), logits)
    assert np.abs(to_numpy(model(clip)) - to_numpy(logits)).max() > 0.1


def test_the_buffer_holds_what_a_frame_alone_would_give():
    """Queries and values are a part of those of the frame's own scores."""
    model, clip = built("td4"), scenes(length=5)
    _, state = run(model, clip)
    for place, index in enumerate((2, 3, 4)):
        path = model.paths[index % 4]
        x = subsample(path.features(normalize_image(clip[:, index])), 3)
        assert_close(state["keys"][:, place], path.key(x))
        assert_close(state["values"][:, place], path.value(x))
        if place:
            assert_close(state["queries"][:, place - 1], path.query(x))
    assert "queries" not in built("td2").initial_state(1, 48, 64)


# === Warm-up ===


def alone(model, frame, phase):
    """Scores of one path that sees no other frame."""
    scores = model.paths[phase](normalize_image(frame))
    return resize_bilinear(scores, frame.shape[1:3], align_corners=True)


def test_published_warm_up_uses_no_frame_before_the_buffer_is_full():
    partial, clip = built("td4"), scenes(length=4)
    model = small_td4(warm_up="skip")
    model.set_weights(partial.get_weights())
    skipped, attended = run(model, clip)[0], run(partial, clip)[0]
    for index in range(3):
        assert_close(skipped[index], alone(model, clip[:, index], index))
    assert_close(attended[0], skipped[0])
    for index in (1, 2):
        assert np.abs(attended[index] - skipped[index]).max() > 0.1
    assert_close(attended[3], skipped[3])
    single = alone(model, clip[:, 3], 3)
    assert np.abs(skipped[3] - to_numpy(single)).max() > 0.02


def test_partial_warm_up_is_the_chain_over_the_frames_there_are():
    model, clip = built("td4"), scenes(length=3)
    first, second, current = model.paths[:3]

    def features(path, index):
        return path.features(normalize_image(clip[:, index]))

    one, two, x = (
        features(path, index)
        for index, path in enumerate((first, second, current))
    )
    one, two = subsample(one, 3), subsample(two, 3)
    # attention_3_1 and attention_3_2, after attention_3_4.
    _, to_first, to_second = current.attentions
    assert to_first.name == "attention_3_1"
    context = to_first([second.query(two), first.key(one), first.value(one)])
    context = to_second(
        [current.query(x), second.key(two), context + second.value(two)]
    )
    expected = current.scores(current.value(x) + context)
    expected = resize_bilinear(expected, (48, 64), align_corners=True)
    assert_close(run(model, clip)[0][2], expected)


# === Training ===


# The first frame has no say in the labels but by its keys and values.
@pytest.mark.filterwarnings("ignore:Gradients do not exist for variables")
def test_training_moves_the_paths_of_the_clip():
    model, clips = small_td2(dropout=0.0), scenes(batch=2)
    before = [to_numpy(v).copy() for v in model.trainable_variables]
    model.compile(
        keras.optimizers.SGD(0.05),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,
    )
    labels = np.zeros(clips[:, 0, ..., 0].shape, "int32")
    labels[:, :, 32:] = 1
    losses = model.fit(clips, labels, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0], losses
    moved = {
        variable.path.split("/")[0]
        for variable, value in zip(
            model.trainable_variables, before, strict=True
        )
        if variable.path.endswith("kernel")
        and not np.array_equal(to_numpy(variable), value)
    }
    # The first frame lends keys and values; the last decides.
    lent = ("backbone", "pyramid", "key", "value")
    used = ("backbone", "pyramid", "query", "value", "head")
    assert moved == {
        *(f"{part}_1" for part in lent),
        *(f"{part}_2" for part in used),
        "attention_2_1",
    }


def test_dropout_only_in_training():
    keras.utils.set_random_seed(0)
    model, clip = copy_of(built("td4")), scenes(length=2)
    np.testing.assert_array_equal(
        to_numpy(model(clip)), to_numpy(model(clip, training=False))
    )
    for layer in sublayers(model):
        # Dropout alone; normalisation keeps to its moving statistics.
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    one, other = (to_numpy(model(clip, training=True)) for _ in range(2))
    assert np.abs(one - other).max() > 1e-3


# === Normalisation for frames of another size ===


def test_the_normalisation_is_resized_to_the_map():
    """A scale and an offset that are linear stay so at every size."""
    model = copy_of(built("td2"))
    for norm in (path.norm for path in model.paths):
        ramp = np.linspace(1, 3, 5)[:, None] * np.linspace(1, 2, 7)
        norm.gamma.assign(ramp)
        norm.beta.assign(-ramp)
    x = np.random.default_rng(0).normal(size=(2, 9, 4, 12)).astype("float32")
    actual = to_numpy(model.paths[0].norm(x))
    deviation = np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    normal = (x - x.mean((1, 2), keepdims=True)) / deviation
    ramp = np.linspace(1, 3, 9)[:, None] * np.linspace(1, 2, 4)
    assert_close(actual, (normal - 1) * ramp[..., None])


# === Wrong arguments ===


def test_wrong_arguments():
    backbones = [small_dilated_resnet(f"backbone_{n}") for n in (1, 2)]
    with pytest.raises(ValueError, match="two backbones or more, got 1"):
        TDNet(backbones[:1], 5)
    for wrong in (dict(warm_up="none"), dict(head="psp"), dict(stride=0)):
        (name,) = wrong
        with pytest.raises(ValueError, match=f"{name} must be ") as error:
            TDNet(backbones, 5, **wrong)
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="6 channels have no part 0 of 2"):
        PyramidPooling(6, 2)
    with pytest.raises(ValueError, match="must double"):
        FANet(filters=(4, 8, 16, 16))
