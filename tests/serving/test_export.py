"""Exported models: all ways to run them give one result."""

import functools
import json

import numpy as np
import pytest
import tensorflow as tf
from exported_models import (
    Loaded,
    Session,
    SumsFrames,
    decode,
    jpeg,
    moving_frames,
    only_signatures,
    png,
    stream_inputs,
)
from few_layers import FewLayers
from small_models import (
    SMALL_MODELS,
    SMALL_PYRAMID_MODELS,
    lively,
    small_light_deeplab,
)
from tensorflow.core.framework import tensor_pb2

import accel_tf
from accel_tf.segmentation.frames import resized
from accel_tf.serving import prediction_log
from accel_tf.serving.export import export_saved_model, saved_model
from accel_tf.serving.export.signatures import Signatures

INTERVAL = 3
MODELS = SMALL_MODELS | SMALL_PYRAMID_MODELS


def exported(model, folder, **options):
    options = {"interval": INTERVAL, "warm_up_size": (64, 96)} | options
    return export_saved_model(model, folder, **options)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Gives `(model, path, loaded, session)` by name, made once."""

    @functools.cache
    def make(name):
        if name == "few_layers":
            model = lively(FewLayers(name=name))
        else:
            model = MODELS[name](name=name)
        path = exported(model, tmp_path_factory.mktemp(name))
        return model, path, Loaded(path), Session(path)

    return make


@pytest.fixture(scope="module")
def sums(tmp_path_factory):
    """An exported `SumsFrames`."""
    return exported(SumsFrames(), tmp_path_factory.mktemp("sums"))


@pytest.fixture(scope="module")
def scaled(tmp_path_factory):
    """`(model, path, loaded)` of a model that was trained on small frames."""
    model = small_light_deeplab(name="light_deeplab")
    model.trained_size = (32, 64)
    with only_signatures("serving_default"):
        path = exported(model, tmp_path_factory.mktemp("scaled"))
    return model, path, Loaded(path)


def slow(name):
    return pytest.param(name, marks=pytest.mark.slow)


def all_models(*quick):
    """A parameter `name`; the tests of all models but these are slow."""
    others = [slow(name) for name in MODELS if name not in quick]
    return pytest.mark.parametrize("name", [*quick, *others])


@all_models("few_layers")
def test_all_ways_agree(name, small):
    """`VideoStream`, clip, stream, each in TensorFlow 2 and a session."""
    model, _, loaded, session = small(name)
    frames = moving_frames(7)
    images = [png(frame) for frame in frames]
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(INTERVAL))
    labels, is_key, since_key = [], [], []
    for frame in frames:
        labels.append(stream(frame[None])[0])
        is_key.append(stream.is_key)
        since_key.append(stream.frames_since_key)

    clip = loaded("serving_default", image_bytes=images)
    assert clip["is_key"].tolist() == is_key
    assert len(np.unique(labels)) > 2
    # The same programs: not even rounding differs.
    np.testing.assert_array_equal(decode(clip["label_png_bytes"]), labels)
    again = session("serving_default", image_bytes=images)
    assert again["label_png_bytes"].tolist() == clip["label_png_bytes"].tolist()
    for run in (loaded, session):
        rows = [
            run("stream", **stream_inputs([image], [7])) for image in images
        ]
        for row, label, key, since in zip(
            rows, clip["label_png_bytes"], is_key, since_key, strict=True
        ):
            assert row["label_png_bytes"].tolist() == [label]
            assert row["is_key"].tolist() == [key]
            assert row["frames_since_key"].tolist() == [since]


@pytest.mark.parametrize("load", ["loaded", "session"])
def test_a_state_that_travels_gives_the_same(load, small):
    _, _, loaded, session = small("few_layers")
    run = {"loaded": loaded, "session": session}[load]
    images = [png(frame) for frame in moving_frames(3)]
    clip = run("serving_default", image_bytes=images)["label_png_bytes"]
    answer = run("key", image_bytes=images[:1])
    labels = [*answer["label_png_bytes"]]
    for image in images[1:]:
        state = answer["state_bytes"]
        answer = run("nonkey", image_bytes=[image], state_bytes=state)
        labels += [*answer["label_png_bytes"]]
    assert labels == clip.tolist()


def test_scores_are_those_of_a_key_frame(small):
    model, _, loaded, _ = small("few_layers")
    frames = moving_frames(3)
    scores = loaded("scores", image_bytes=list(map(png, frames)))["scores"]
    assert scores.shape == (3, 8, 12, 5) and scores.dtype == np.float32
    for frame, own in zip(frames, scores, strict=True):
        expected, _ = model.step(frame[None], {}, True, native_stride=True)
        np.testing.assert_allclose(own, expected[0], rtol=0, atol=1e-4)
    other = moving_frames(1, 48, 64)
    with pytest.raises(tf.errors.InvalidArgumentError, match="of one size"):
        loaded("scores", image_bytes=[png(frames[0]), png(other[0])])


@pytest.mark.parametrize("load", [Loaded, Session])
def test_the_key_branch_runs_on_key_frames_only(load, sums):
    run = load(sums)
    images = [png(frame) for frame in moving_frames(12, 16, 16)]
    before = run.key_branch_runs()
    for image in images:
        run("stream", **stream_inputs([image], [1]))
    assert run.key_branch_runs() - before == 4
    run("serving_default", image_bytes=images)
    assert run.key_branch_runs() - before == 8
    state = run("key", image_bytes=images[:1])["state_bytes"]
    run("nonkey", image_bytes=images[:1], state_bytes=state)
    assert run.key_branch_runs() - before == 9


def test_jpeg_and_png_of_any_size_and_kind(sums):
    loaded = Loaded(sums)
    for height, width in ((1, 1), (17, 31), (64, 96)):
        frame = moving_frames(1, height, width)[0]
        grey = frame[..., :1]
        alpha = np.concatenate([frame, grey], axis=2)
        for data, expected in (
            (png(frame), frame[..., 0]),
            (png(grey), grey[..., 0]),
            (png(alpha), frame[..., 0]),
            (jpeg(frame), tf.io.decode_jpeg(jpeg(frame)).numpy()[..., 0]),
        ):
            answer = loaded("serving_default", image_bytes=[data])
            (labels,) = decode(answer["label_png_bytes"])
            np.testing.assert_array_equal(labels, expected % 250)


@all_models("dff")
def test_the_fused_form_exports_too(name, tmp_path, optimized_graphs):
    model = accel_tf.fuse_for_inference(MODELS[name]())
    with only_signatures("serving_default"):
        path = exported(model, tmp_path, warm_up_size=None)
    loaded, frames = Loaded(path), moving_frames(4)
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(INTERVAL))
    answer = loaded("serving_default", image_bytes=list(map(png, frames)))
    # But for rounding: `VideoStream` has programs of one size.
    for own, frame in zip(
        decode(answer["label_png_bytes"]), frames, strict=True
    ):
        assert np.mean(own == stream(frame[None])[0]) > 0.999
    # Kernels are variables, each there once, and not in the graph too.
    saved = [weight.numpy().tobytes() for weight in loaded.model.weights]
    graph = (path / "saved_model.pb").read_bytes()
    assert len(saved) <= len(model.weights)
    for weight in sorted(model.get_weights(), key=np.size)[-5:]:
        assert weight.tobytes() in saved and weight.tobytes() not in graph


def test_frames_have_the_scale_of_the_training(scaled):
    model, path, loaded = scaled
    said = json.loads((path / "assets" / "accel_tf.json").read_text())
    assert said["trained_size"] == [32, 64]
    frames = moving_frames(4, 65, 97)
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(INTERVAL))
    answer = loaded("serving_default", image_bytes=list(map(png, frames)))
    labels = decode(answer["label_png_bytes"])
    assert len({each.tobytes() for each in labels}) > 1, "all is one class"
    for own, frame in zip(labels, frames, strict=True):
        small = resized(frame, (32, 48))
        expected = stream(small[None], size=(65, 97))[0]
        assert own.shape == (65, 97)
        # But for rounding of the frames' means.
        assert np.mean(own == expected) > 0.99
    # Smaller frames stay as they are.
    tiny = moving_frames(1, 24, 40)[0]
    answer = loaded("serving_default", image_bytes=[png(tiny)])
    (own,) = decode(answer["label_png_bytes"])
    assert np.mean(own == stream(tiny[None])[0]) > 0.99


def test_the_assets_describe_the_model(small, scaled):
    for (model, path, loaded), name, system in (
        (small("few_layers")[:3], "few_layers", "FewLayers"),
        (scaled, "light_deeplab", "DeepLab"),
    ):
        said = json.loads((path / "assets" / "accel_tf.json").read_text())
        assert (said["preset"], said["system"]) == (name, system)
        assert said["class_names"] == list(model.label_map.names)
        assert said["palette"] == [list(c) for c in model.label_map.colors]
        assert said["uses_key_frames"] == model.uses_key_frames
        assert (said["interval"], said["output_stride"]) == (INTERVAL, 8)
        assert said["signatures"] == sorted(loaded.signatures)
        # Without a state there is none that could travel.
        assert ("key" in said["signatures"]) == model.uses_key_frames


def test_warm_up_requests_run_and_leave_nothing(sums):
    run = Session(sums)
    seen = []
    for name, inputs in prediction_log.read_predict_requests(
        sums / prediction_log.PATH
    ):
        tensors = {
            key: tf.make_ndarray(tensor_pb2.TensorProto.FromString(data))
            for key, data in inputs.items()
        }
        outputs = run(name, **tensors)
        if "label_png_bytes" in outputs:
            assert decode(outputs["label_png_bytes"])[0].shape == (64, 96)
        seen.append(name)
    assert set(seen) == set(run.signatures) - {"__saved_model_init_op"}
    stats = run("stats", stream_id=[0])
    assert stats["streams"].tolist() == stats["frames"].tolist() == [0]


def test_explicit_state_is_for_small_states(tmp_path, monkeypatch):
    """What would be written; `the_assets_describe_the_model` has what is."""
    asked = []
    monkeypatch.setattr(saved_model, "_programs", lambda functions: functions)
    monkeypatch.setattr(
        saved_model,
        "_save",
        lambda model, programs, folder: (folder / "assets").mkdir(),
    )
    monkeypatch.setattr(Signatures, "requests", lambda *_: [])
    monkeypatch.setattr(
        saved_model, "write_warm_up", lambda *_: asked.append(True)
    )

    def signatures(model, size):
        asked.clear()
        path = exported(model, tmp_path, warm_up_size=size)
        assert bool(asked) == (size is not None)
        said = json.loads((path / "assets" / "accel_tf.json").read_text())
        return said["signatures"]

    usual = ["close", "scores", "serving_default", "stats", "stream"]
    # 4 bytes a pixel: 1 MiB, and a little more.
    both = signatures(SumsFrames(), (512, 512))
    assert both == sorted([*usual, "key", "nonkey"])
    assert signatures(SumsFrames(), (512, 513)) == usual
    assert signatures(SumsFrames(), None) == usual
