"""A per-frame model on key frames, carried on along the flow; and smoothed."""

import functools

import keras
import model_checks
import numpy as np
import pytest
from backend import to_numpy
from keras import ops
from model_tools import assert_close, run, scenes
from small_models import (
    lively,
    small_accel,
    small_deeplab,
    small_dff,
    small_flow_network,
    small_light_deeplab,
    small_td4,
)

import accel_tf
from accel_tf.commands import form_options
from accel_tf.models.flownet import FlowNetwork
from accel_tf.models.motion import (
    TRUSTS,
    consistency_trust,
    find_motion,
    photometric_trust,
)
from accel_tf.models.propagation import (
    DenseInverseSearch,
    make_flow,
    split_flow,
    with_flow,
)
from accel_tf.models.segmenter import VideoSegmenter


@keras.saving.register_keras_serializable(package="tests")
class _Convolution(VideoSegmenter):
    """One convolution, as many scores as `_Convolution.stride` lets."""

    def __init__(self, output_stride=4, num_classes=3, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.stride = output_stride
        self.convolution = keras.layers.Conv2D(
            num_classes,
            output_stride,
            output_stride,
            padding="same",
            dtype=self.dtype_policy,
            name="convolution",
        )
        self.convolution.build((None, None, None, 3))
        self.built = True

    @property
    def output_stride(self):
        return self.stride

    def score(self, frame, state, is_key, training=None):
        image = ops.cast(frame, "float32") / 127.5 - 1.0
        return 3.0 * self.convolution(image), None

    def get_config(self):
        return {**super().get_config(), "output_stride": self.stride}


def _propagated():
    return lively(
        accel_tf.propagate(
            _Convolution(),
            small_flow_network(),
            _Convolution(8, name="light"),
            smooth=0.3,
        )
    )


def _smoothed():
    return lively(
        accel_tf.smooth(_Convolution(), small_flow_network(), trust="both")
    )


def _with_dis():
    return lively(accel_tf.propagate(_Convolution(), "dis:medium:2"))


MODELS = {
    "propagated": _propagated,
    "smoothed": _smoothed,
    "with_dis": _with_dis,
}


@functools.cache
def _built(name, policy):
    return MODELS[name]()


@pytest.fixture(params=MODELS)
def make(request):
    return lambda: _built(request.param, keras.config.dtype_policy().name)


def test_config(make):
    model_checks.check_config(make)


def test_saving(make, tmp_path):
    model_checks.check_saving(make, tmp_path)


# The one with everything in it takes as long as all others together.
@pytest.mark.parametrize(
    "make",
    [
        pytest.param("propagated", marks=pytest.mark.slow),
        "smoothed",
        "with_dis",
    ],
    indirect=True,
)
def test_clip_and_stream(make):
    model_checks.check_clip_and_stream(make)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param("propagated", marks=pytest.mark.slow),
        pytest.param("smoothed", marks=pytest.mark.slow),
        "with_dis",
    ],
    indirect=True,
)
def test_sizes_and_tensor_key(make):
    model_checks.check_sizes_and_tensor_key(make, ((33, 47),))


def test_state(make):
    model_checks.check_state(make)


def test_batch(make):
    model_checks.check_batch(make)


@pytest.mark.parametrize("make", ["propagated"], indirect=True)
def test_training(make):
    model_checks.check_training(make, run_eagerly=True)


@pytest.mark.parametrize("make", ["propagated"], indirect=True)
def test_mixed_bfloat16(make):
    model_checks.check_mixed_precision(make, "mixed_bfloat16", noise=0.2)


def test_fused(make):
    model, clip = make(), scenes(length=4)
    keys = (True, False, False, True)
    fused = accel_tf.fuse_for_inference(model)
    expected = run(model, clip, keys)[0]
    for one, other in zip(run(fused, clip, keys)[0], expected, strict=True):
        assert_close(one, other, 2e-5)
    assert fused.fused() is fused


def test_key_frames_are_the_segmenters():
    model, clip = _built("with_dis", "float32"), scenes(length=3)
    logits, _ = run(model, clip, (True, True, True))
    expected, _ = run(model.segmenter, clip)
    for one, other in zip(logits, expected, strict=True):
        assert_close(one, other, 1e-6)


# === What is carried ===


class _Bright(VideoSegmenter):
    """Class 1 is what is brighter than the middle, at every pixel."""

    output_stride = 1

    def __init__(self, **kwargs):
        super().__init__(2, **kwargs)
        self.built = True

    def score(self, frame, state, is_key, training=None):
        bright = ops.mean(ops.cast(frame, "float32"), -1, keepdims=True) - 127.5
        return ops.concatenate([-bright, bright], -1) / 127.5, None

    def upsample(self, scores, size, frame_size=None):
        return scores

    def multiply_adds(self, height, width):
        return {"key": 1000, "non_key": 1000}


def _moving_square(length, step=4):
    """A textured square on a dark wall, `[T, 64, 96, 3]`, moving right."""
    rng = np.random.default_rng(0)
    frames = np.zeros((length, 64, 96, 3), "uint8")
    frames += (60 * rng.random((64, 96, 1))).astype("uint8")
    square = (160 + 90 * rng.random((24, 24, 1))).astype("uint8")
    for index, frame in enumerate(frames):
        frame[20:44, 10 + step * index : 34 + step * index] = square
    return frames


def _labels(stream, frames):
    return [stream(frame[None])[0] for frame in frames]


@pytest.mark.parametrize("flow", ["dis", "dis:medium:2"])
def test_scores_move_with_the_content(flow):
    frames = _moving_square(5)
    model = accel_tf.propagate(_Bright(), flow)
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(5))
    truth = (frames[..., 0] > 127).astype("uint8")
    labels = _labels(stream, frames)
    still = np.mean(labels[0] == truth[-1])
    # The wall beside the square was hidden; nobody can know it.
    assert np.mean(labels[-1] == truth[-1]) > 1 - (1 - still) / 3
    rows, columns = np.nonzero(labels[-1])
    assert abs(columns.mean() - (10 + 4 * 4 + 11.5)) < 2


def test_an_update_branch_decides_where_trust_is_lost():
    frames = _moving_square(2, step=0)
    frames[1, 2:18, 60:90] = 250  # appears from nowhere
    carried = accel_tf.propagate(_Bright(), "dis")
    corrected = accel_tf.propagate(_Bright(), "dis", _Bright(name="update"))
    shares = []
    for model in (carried, corrected):
        stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(5))
        shares.append(_labels(stream, frames)[1][2:18, 60:90].mean())
    assert shares[0] < 0.2 and shares[1] > 0.8


def test_trust_is_one_on_key_frames_and_falls_where_content_changes():
    frames = _moving_square(2, step=0)
    frames[1, 2:18, 60:90] = 250
    model = accel_tf.propagate(_Bright(), "dis")
    state = model.initial_state(1, 64, 96)
    assert to_numpy(state["trust"]).max() == 0
    _, state = model.step(frames[:1], state, is_key=True)
    assert to_numpy(state["trust"]).min() == 1
    _, state = model.step(frames[1:], state, is_key=False)
    trust = to_numpy(state["trust"])[0, ..., 0]
    assert trust.shape == (32, 48)
    assert trust[2:8, 32:43].mean() < 0.1
    assert trust[12:30, 5:25].mean() > 0.9


def test_a_stream_tells_its_trust():
    frames = _moving_square(2)
    stream = accel_tf.VideoStream(accel_tf.propagate(_Bright(), "dis"))
    assert stream.trust is None
    _labels(stream, frames)
    assert stream.trust.shape == (1, 32, 48)
    assert 0 <= stream.trust.min() < 0.9 < stream.trust.max() <= 1
    stream = accel_tf.VideoStream(_Bright())
    _labels(stream, frames)
    assert stream.trust is None


def test_pixels_of_no_class_are_not_carried_as_the_first_class():
    def half(images):
        labels = np.full(images.shape[:3], 2, "uint8")
        labels[:, :, :30] = 255
        return labels

    model = accel_tf.propagate(
        accel_tf.per_frame(half, num_classes=3, output_stride=1), "dis"
    )
    stream = accel_tf.VideoStream(model)
    for labels in _labels(stream, _moving_square(2)):
        assert (labels == 2).all()


def test_trust_is_none_outside_of_the_frame():
    image = np.full((1, 8, 10, 1), 0.5, "float32")
    flow = np.zeros((1, 8, 10, 2), "float32")
    flow[..., 0] = -4.0  # everything came from four pixels to the left
    trust = to_numpy(photometric_trust(image, image, flow))[0, ..., 0]
    assert (trust[:, :3] == 0).all() and (trust[:, 4:] == 1).all()


def test_trust_is_lost_where_the_flow_back_leads_elsewhere():
    there = np.zeros((1, 8, 10, 2), "float32")
    there[..., 0] = -3.0
    back = np.full_like(there, 0.0)
    back[..., 0] = 3.0
    back[:, :, 4, 0] = -3.0  # where the seventh column seems to come from
    trust = to_numpy(consistency_trust(there, back))[0, ..., 0]
    assert (trust[:, :2] == 0).all() and (trust[:, 7] < 1e-6).all()
    assert (trust[:, 3:7] == 1).all() and (trust[:, 8:] == 1).all()
    # Half a pixel squared, and a hundredth of the squares of 3 and 2.3.
    back[..., 0] = 3.0 - 0.8
    limit = 0.01 * (3**2 + 2.2**2) + 0.5
    trust = to_numpy(consistency_trust(there, back))[0, :, 5, 0]
    np.testing.assert_allclose(trust, np.exp(-(0.8**2) / limit), rtol=1e-5)
    # The same motion of pixels twice as large.
    large = to_numpy(consistency_trust(there / 2, back / 2, 2.0))[0, :, 5, 0]
    np.testing.assert_allclose(large, trust, rtol=1e-5)


def test_kinds_of_trust_in_a_stream():
    frames = _moving_square(2, step=8)
    search = DenseInverseSearch()
    current, before = (search.observe(frames[i][None]) for i in (1, 0))
    trusts = {}
    for kind in TRUSTS:
        model = accel_tf.propagate(_Bright(), search, trust=kind)
        stream = accel_tf.VideoStream(model)
        _labels(stream, frames)
        trusts[kind] = stream.trust[0]
        _, found = find_motion(search, current, before, 2, (32, 48), kind)
        assert_close(to_numpy(found)[0, ..., 0], trusts[kind], 1e-5)
    photometric, consistent, both = trusts.values()
    assert_close(both, photometric * consistent, 1e-5)
    # On the wall beside the square the flow fades from the square's to none.
    # How far, differs from one build of OpenCV to another.
    assert consistent[12:20, 21].mean() < 0.3
    assert consistent[12:20, 10:18].mean() > 0.9
    assert model.get_config()["trust"] == "both"
    assert form_options.TRUSTS == TRUSTS


def test_smoothing_keeps_what_flickers_and_takes_what_is_new():
    frames = np.repeat(_moving_square(1), 8, axis=0).astype("int16")
    noise = np.random.default_rng(1).integers(-70, 71, frames.shape[:3])
    clean = frames[..., 0] > 127
    frames = np.clip(frames + noise[..., None], 0, 255).astype("uint8")
    per_frame = accel_tf.VideoStream(_Bright())
    steady = accel_tf.VideoStream(accel_tf.smooth(_Bright(), "dis:fast:2"))
    wrong = [
        np.mean(_labels(stream, frames)[-1] != clean[-1])
        for stream in (per_frame, steady)
    ]
    assert wrong[1] < wrong[0] / 2
    # A wall that turns bright at once is bright at once.
    labels = _labels(steady, np.full((2, 64, 96, 3), 255, "uint8"))
    assert labels[0].mean() > 0.95


def test_the_first_frame_is_not_mixed_with_zeros():
    frames = _moving_square(1)
    model = accel_tf.smooth(_Bright(), "dis", strength=0.9)
    state = model.initial_state(1, 64, 96)
    logits, _ = model.step(frames, state)
    expected, _ = _Bright().step(frames, {})
    assert_close(logits, expected, 1e-6)


def test_features_of_a_layer_are_carried():
    image = keras.Input((None, None, 3))
    features = keras.layers.Conv2D(4, 8, 8, activation="relu", name="features")(
        image
    )
    network = keras.Model(image, keras.layers.Conv2D(3, 1)(features))
    model = accel_tf.per_frame(lively(network), mean=127.5, scale=1 / 60)
    split = accel_tf.propagate(model, "dis", split="features")
    frames = scenes(length=2, height=50, width=70)
    logits, state = run(split, frames)
    assert_close(logits[0], run(model, frames)[0][0], 1e-6)
    assert state["carried"].shape[-1] == 4
    # What comes behind is linear, and so is the warp.
    expected = run(accel_tf.propagate(model, "dis"), frames)[0]
    assert_close(logits[1], expected[1], 1e-5)
    cost = split.multiply_adds(64, 96)
    whole = accel_tf.propagate(model, "dis").multiply_adds(64, 96)
    assert cost["key"] == whole["key"]
    assert cost["non_key"] == whole["non_key"] + 8 * 12 * (4 + 4 * 3)
    with pytest.raises(ValueError, match="has no layer 'none' to be split"):
        accel_tf.propagate(model, "dis", split="none")
    with pytest.raises(ValueError, match="cannot be split; leave split out"):
        accel_tf.propagate(_Bright(name="bright"), "dis", split="features")


def test_deeplab_split_at_its_backbone_is_deep_feature_flow():
    dff = small_dff()
    flow = dff.flow_network.get_layer("Convolution5")
    flow.set_weights([0.05 * weight for weight in flow.get_weights()])
    split = accel_tf.propagate(
        dff.reference_segmenter(), dff.flow_network, split="backbone"
    )
    frames = scenes(length=2)
    expected, logits = run(dff, frames)[0], run(split, frames)[0]
    assert_close(logits[0], expected[0], 1e-5)
    # At the margin one repeats and the other one fades.
    inner = np.s_[:, 16:32, 16:48]
    assert_close(logits[1][inner], expected[1][inner], 1e-4)


def test_the_fused_form_carries_what_comes_after_the_split():
    """`fc6` runs on key frames only, and the weights are its own."""
    deeplab, frames = small_dff().reference_segmenter(), scenes(length=3)
    split = accel_tf.propagate(deeplab, "dis", split="backbone")
    fused = accel_tf.fuse_for_inference(split)
    expected = run(split, frames)[0]
    logits, state = run(fused, frames)
    for one, other in zip(logits, expected, strict=True):
        assert_close(one, other, 2e-5)
    assert state["carried"].shape[-1] == deeplab.head_filters
    deeplab.set_weights([0 * weight for weight in deeplab.get_weights()])
    assert_close(run(fused, frames)[0][2], expected[2], 2e-5)


# === Flow ===


def test_dense_inverse_search_finds_a_shift():
    frames = _moving_square(2, step=0)
    frames[1] = np.roll(frames[0], (2, -3), axis=(0, 1))
    search = DenseInverseSearch()
    images = [search.observe(frame[None]) for frame in frames]
    flow = to_numpy(search([images[1], images[0]]))
    assert flow.shape == (1, 64, 96, 2)
    middle = np.median(flow[0, 24:44, 12:30], axis=(0, 1))
    np.testing.assert_allclose(middle, [3, -2], atol=0.3)


def test_dense_inverse_search_forgets_other_sizes():
    frames = _moving_square(2, step=8)
    search = DenseInverseSearch("fast")
    observed = [search.observe(frame[None]) for frame in frames[::-1]]
    expected = to_numpy(search(observed))
    search([each[:, :32, :48] for each in observed])
    np.testing.assert_array_equal(to_numpy(search(observed)), expected)


@pytest.mark.parametrize("size", [(64, 96), (49, 67), (5, 9)])
def test_dense_inverse_search_has_the_shape_of_its_stride(size):
    search = DenseInverseSearch("fast", divisor=2, output_stride=8)
    frames = scenes(batch=2, length=2, height=size[0], width=size[1])
    current, previous = (search.observe(frames[:, i]) for i in (1, 0))
    assert tuple(current.shape[1:]) == search.observed_shape(*size)[0]
    flow = search([current, previous])
    rows, columns = (-(-side // 8) for side in size)
    assert tuple(flow.shape) == (2, rows, columns, 2)


def test_flow_by_name():
    assert make_flow("dis").get_config()["preset"] == "medium"
    search = make_flow("dis:fast:2", output_stride=8)
    assert (search.preset, search.divisor, search.output_stride) == (
        "fast",
        2,
        8,
    )
    network = small_flow_network()
    assert make_flow(network) is network
    shipped = make_flow("small")
    assert isinstance(shipped, FlowNetwork) and not shipped.runs_on_host


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("psp_18", ("psp_18", None)),
        ("hub:b0+dis:fast:2", ("hub:b0", "dis:fast:2")),
        ("labels:/c++/labels", ("labels:/c++/labels", None)),
        ("labels:/c++/labels+dis", ("labels:/c++/labels", "dis")),
        ("psp_18+runs/flow.keras", ("psp_18", "runs/flow.keras")),
    ],
)
def test_a_flow_is_named_behind_the_last_plus(name, parts):
    assert split_flow(name) == parts


def test_flow_from_files(tmp_path):
    network = lively(small_flow_network())
    network.save(tmp_path / "flow.keras")
    small_dff(name="dff").save(tmp_path / "dff.keras")
    small_deeplab(name="deeplab").save(tmp_path / "deeplab.keras")
    found = make_flow(tmp_path / "flow.keras")
    assert isinstance(found, FlowNetwork)
    np.testing.assert_array_equal(
        found.get_weights()[0], network.get_weights()[0]
    )
    assert make_flow(tmp_path / "dff.keras").output_stride == 8
    with pytest.raises(ValueError, match="holds a DeepLab, no flow"):
        make_flow(tmp_path / "deeplab.keras")


def test_other_flow_in_deep_feature_flow_and_accel():
    frames = scenes(length=2)
    for model in (small_dff(), small_accel()):
        changed = with_flow(model, "dis:fast:2")
        assert isinstance(changed, type(model))
        assert isinstance(changed.flow_network, DenseInverseSearch)
        logits, expected = run(changed, frames)[0], run(model, frames)[0]
        assert_close(logits[0], expected[0], 1e-5)
        assert np.abs(logits[1] - expected[1]).max() > 1e-3
        fused = accel_tf.fuse_for_inference(changed)
        assert_close(run(fused, frames)[0][1], logits[1], 2e-5)


def test_a_finer_flow_is_averaged_over_the_features():
    model, frames = small_dff(), scenes(length=2)
    coarse = run(with_flow(model, "dis:fast:2"), frames)[0]
    fine = run(with_flow(model, DenseInverseSearch("fast", 2, 2)), frames)[0]
    assert_close(fine[1], coarse[1], 1e-5)


def test_cost():
    model = accel_tf.propagate(_Bright(), "dis")
    counts = model.multiply_adds(64, 96)
    assert counts["key"] == 1000
    # Two scores a pixel; flow and trust for every second pixel.
    assert counts["non_key"] == 4 * (64 * 96 * 2 + 32 * 48 * 3)
    smooth = accel_tf.smooth(_Bright(), "dis")
    for form in (smooth, accel_tf.fuse_for_inference(smooth)):
        both = counts["key"] + counts["non_key"]
        assert form.multiply_adds(64, 96) == {"key": both, "non_key": both}
    # Twice the flow, and the flow back moved along the flow.
    flow = small_flow_network()
    pixels = (64 // flow.output_stride) * (96 // flow.output_stride)
    one, two = (
        accel_tf.propagate(_Bright(), flow, trust=trust).multiply_adds(64, 96)
        for trust in ("photometric", "forward-backward")
    )
    way_back = flow.multiply_adds(64, 96) + 4 * pixels * 2
    assert two == {"key": 1000, "non_key": one["non_key"] + way_back}
    unknown = accel_tf.per_frame(lambda frame: frame[..., 0], num_classes=2)
    counts = accel_tf.propagate(_Bright(), "dis", unknown).multiply_adds(64, 96)
    assert counts == {"key": 1000, "non_key": None}


# === Mistakes ===


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("dis:slow",), "has the presets ultrafast, fast, medium, not 'slow'"),
        (("dis:fast:x",), "'dis:fast:x' is no flow; give dis, dis:PRESET"),
        (("dis:fast:0",), "divisor of dense inverse search must be a whole"),
        (("farneback",), "no optical flow 'farneback'; did you mean"),
        (("nothing.keras",), "no weights file nothing.keras"),
    ],
)
def test_flows_that_do_not_exist(arguments, message):
    with pytest.raises((ValueError, OSError), match=message):
        accel_tf.propagate(_Bright(), *arguments)


def test_parts_that_do_not_fit():
    for model, message in (
        (small_accel(name="accel"), "accel remembers frames"),
        (small_td4(name="td4"), "td4 remembers frames"),
        (keras.Sequential(name="it"), "accel_tf.per_frame makes one"),
    ):
        with pytest.raises(ValueError, match=message):
            accel_tf.propagate(model)
    with pytest.raises(ValueError, match="light has 3 classes, .* has 2"):
        accel_tf.propagate(
            _Bright(), "dis", small_light_deeplab(3, name="light")
        )
    for strength in (-0.1, 1, "much"):
        with pytest.raises(ValueError, match="smooth must be from 0 to below"):
            accel_tf.smooth(_Bright(), "dis", strength)
    with pytest.raises(ValueError, match="backward or both, not 'no'"):
        accel_tf.propagate(_Bright(), "dis", trust="no")
    with pytest.raises(ValueError, match="has no optical flow"):
        with_flow(_Bright(name="bright"), "dis")
