"""Exports of clip classifiers: in a session, behind REST, with a client."""

import base64
import io
import json
import pathlib
import re
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf
from exported_models import Session, jpeg, moving_frames, png
from fake_servables import FakeManager
from PIL import Image  # of TensorBoard
from small_presets import small_presets

from accel_tf import commands
from accel_tf.classify import classify_video
from accel_tf.data.clip_sampling import crop_views
from accel_tf.models import restore_classifier
from accel_tf.models.vov3d import VoV3DBackbone
from accel_tf.models.x3d import BackboneClassifier
from accel_tf.serving import client_classifier
from accel_tf.serving.client import Client
from accel_tf.serving.client_errors import ServerError
from accel_tf.serving.descriptions import read_description
from accel_tf.serving.export import export_preset, export_saved_model
from accel_tf.serving.export.classifier_signatures import MAX_FRAMES
from accel_tf.serving.export.fitted_frames import fit_frames
from accel_tf.serving.http_limits import HttpLimits
from accel_tf.serving.http_server import HttpServer
from accel_tf.serving.page_files import pages
from accel_tf.serving.rest import RestHandler
from accel_tf.serving.saved_model_servable import SavedModelServable

NAMES = ("wave", "grüßen", "nod")
SIDE = 32
MAX_PIXELS = 1500


class Manager(FakeManager):
    def names(self):
        return list(self.models)


def tiny_classifier(**options):
    keras.utils.set_random_seed(1)
    backbone = VoV3DBackbone(
        blocks=(1, 1), inner_filters=8, units=1, name="backbone"
    )
    options = {"class_names": NAMES, "name": "tiny", "frame_step": 2} | options
    model = BackboneClassifier(
        backbone, 3, frames=4, crop_size=SIDE, hidden=16, **options
    )
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        # Initial kernels are not those of the seed.
        is_kernel = len(variable.shape) > 1
        scale = np.prod(variable.shape[:-1]) ** -0.5 if is_kernel else 0.1
        values = rng.normal(0, scale, variable.shape).astype("float32")
        variable.assign(values if is_kernel else variable + values)
    return model


@pytest.fixture(scope="module")
def model():
    return tiny_classifier()


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    return export_saved_model(
        model, folder, max_pixels=MAX_PIXELS, warm_up_size=(30, 40)
    )


@pytest.fixture(scope="module")
def servable(path):
    """The export in a session, its warm-up requests done."""
    servable = SavedModelServable("tiny", 1, path)
    servable.description = read_description(path)
    servable.in_use = 0
    yield servable
    servable.close()


@pytest.fixture(scope="module")
def url(servable):
    """Of a server of it."""
    manager = Manager({"tiny": [servable]}, {})
    handler = RestHandler(manager, pages=pages(manager))
    server = HttpServer(handler, "127.0.0.1", 0, HttpLimits())
    server.start()
    yield server.url
    server.stop(1.0)


@pytest.fixture
def client(url):
    with Client(url, "tiny", image_format="png", timeout=60.0) as client:
        yield client


def expected(model, clip):
    """Probabilities of the centre of a clip, and classes by these."""
    probabilities = model.probabilities(crop_views(clip, SIDE, 1))
    probabilities = keras.ops.convert_to_numpy(probabilities)[0]
    return probabilities, np.argsort(-probabilities, kind="stable")


def test_clips_of_any_size(model, servable):
    clips = np.stack([moving_frames(3, 20, 44, seed) for seed in (0, 1)])
    outputs = servable.run("serving_default", {"clips": clips})
    want = np.stack([expected(model, clip)[0] for clip in clips])
    np.testing.assert_allclose(outputs["probabilities"], want, atol=2e-3)
    # Frames that fit go through as they are.
    clip = moving_frames(4, SIDE, SIDE)[None]
    outputs = servable.run("serving_default", {"clips": clip})
    want = keras.ops.convert_to_numpy(model(clip))
    np.testing.assert_allclose(outputs["logits"], want, atol=1e-5)


@pytest.mark.parametrize("size", [(480, 640), (97, 45), (20, 31), (1, 9)])
def test_frames_are_fitted_as_tests_crop_them(size):
    frames = np.random.default_rng(0).integers(0, 256, (1, *size, 3), "uint8")
    fitted = fit_frames(tf.constant(frames), SIDE).numpy().astype(int)
    # But for where a rounding lies between.
    assert abs(fitted - crop_views(frames, SIDE, 1)[0]).max() <= 1


def test_a_client_gets_the_likeliest_classes(model, client):
    clip = moving_frames(4, 30, 40)
    probabilities, order = expected(model, clip)
    found = client.classify(clip, top=2)
    assert [each.index for each in found] == order[:2].tolist()
    assert [each.name for each in found] == [NAMES[i] for i in order[:2]]
    np.testing.assert_allclose(
        [each.probability for each in found],
        probabilities[order[:2]],
        atol=2e-3,  # pixels may be rounded the other way
    )
    # More than there are; and frames that are files already.
    files = [jpeg(clip[0]), *map(png, clip[1:])]
    assert len(client.classify(files, top=99)) == len(NAMES)


@pytest.fixture
def video(tmp_path):
    """A folder of frames, 25 per second."""
    for index, frame in enumerate(moving_frames(12, 30, 40)):
        (tmp_path / f"{index:02}.png").write_bytes(png(frame))
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        ({}, {"frames": 4, "step": 2}),
        ({"frames": 3, "step": 3}, {"frames": 3, "step": 3}),
        ({"frames": 2}, {"frames": 2, "step": None}),
    ],
)
def test_a_client_classifies_videos_as_the_verb(
    asked, same, model, client, video, untraced
):
    want = classify_video(model, video, progress=False, **same)
    before = client.traffic.requests
    found = client.classify(str(video), **asked)
    assert client.traffic.requests - before == 2 + len(want.windows)
    assert (len(want.windows) > 1) == (same["step"] is not None)
    assert [x.index for x in found] == [x["index"] for x in want.top()]
    np.testing.assert_allclose(
        [x.probability for x in found],
        [x["probability"] for x in want.top()],
        atol=2e-3,
    )


def test_a_client_of_a_server_that_tells_less(
    model, client, video, monkeypatch, untraced
):
    want = [x["index"] for x in classify_video(model, video).top()]
    told = client._model.descriptions()
    del told["models"]["tiny"]["1"]["frame_step"]  # as of an earlier export
    monkeypatch.setattr(client._model, "descriptions", lambda: told)
    with (
        pytest.warns(UserWarning, match="4x5 is taken"),
        pytest.raises(ValueError, match="12 frames .* of 4x5 needs 17"),
    ):
        client.classify(video)
    monkeypatch.setattr(client._model, "descriptions", lambda: None)
    monkeypatch.setattr(client_classifier, "USUAL_SIZE", SIDE)
    found = client.classify(video, frames=4, step=2)
    assert [x.index for x in found] == want
    assert {x.name for x in found} == set(NAMES)
    told = {"models": {"tiny": {"1": {"frames": "many"}}}}
    monkeypatch.setattr(client._model, "descriptions", lambda: told)
    with pytest.raises(ConnectionError, match="did not answer as an export"):
        client.classify(video)


def test_gif_files(model, client):
    frames = moving_frames(3, 30, 40)
    _, order = expected(model, frames)
    found = client.classify(gif(frames))
    assert [each.index for each in found] == order.tolist()


def gif(frames):
    images = [Image.fromarray(frame) for frame in frames]
    file = io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:])
    return file.getvalue()


def test_rows_of_json(model, url):
    """As `curl` asks, each row a clip."""
    clips = [moving_frames(2, 30, 40, seed) for seed in (0, 1)]
    rows = [
        {"image_bytes": [as_json(png(x)) for x in clip], "top": 1}
        for clip in clips
    ]
    with Client(url, "tiny") as client:
        answer = client._transport.request(
            "POST",
            "/v1/models/tiny:predict",
            {"signature_name": "classify", "instances": rows},
        )
        described = client._model.descriptions()["models"]["tiny"]["1"]
    for row, clip in zip(answer["predictions"], clips, strict=True):
        _, order = expected(model, clip)
        assert row["class_names"] == [NAMES[order[0]]]
        assert row["class_indices"] == [order[0]]
    assert described["class_names"] == list(NAMES)
    assert (described["frames"], described["crop_size"]) == (4, SIDE)
    assert described["frame_step"] == 2
    assert described["signatures"] == [
        "classify",
        "classify_gif",
        "serving_default",
    ]


def as_json(data):
    return {"b64": base64.b64encode(data).decode()}


FRAME = png(moving_frames(1, 30, 40)[0])
OTHER = png(moving_frames(1, 31, 40)[0])
LARGE = png(np.zeros((30, 51, 3), np.uint8))


@pytest.mark.parametrize(
    ("message", "clip", "top"),
    [
        ("image_bytes[1] is neither a JPEG nor a PNG", [FRAME, b"GIF89a"], [1]),
        ("image_bytes[1] is of another size than the", [FRAME, OTHER], [1]),
        ("image_bytes[0] is 30x51; a frame has 1 to 1500", [LARGE], [1]),
        (f"1 clips of {MAX_FRAMES + 1} frames", [FRAME] * 257, [1]),
        ("top must hold, for each clip, the same", [FRAME], [0]),
        ("got [1, 2] for 1 clips", [FRAME], [1, 2]),
        ("got [] for 1 clips", [FRAME], []),
    ],
)
def test_requests_that_are_wrong(message, clip, top, client):
    inputs = {"image_bytes": [list(map(as_json, clip))], "top": top}
    with pytest.raises(ServerError, match=re.escape(message)) as error:
        client._predict("classify", inputs)
    assert error.value.status == 400 and "\n" not in str(error.value)


def test_gif_files_that_are_wrong(client):
    whole = gif(moving_frames(3, 30, 40))
    # The first image's own height and width.
    place = whole.index(b"\x2c\0\0\0\0") + 5
    huge = whole[:place] + b"\xff\xff\xff\xff" + whole[place + 4 :]
    many = whole[:-1] + whole[place - 5 : -1] * 90
    for message, data in (
        ("gif_bytes[0] is no GIF file", FRAME),
        ("gif_bytes[0] is no GIF file", whole[:10]),
        ("gif_bytes[0] has 3 frames of 65535x65535", huge),
        (f"gif_bytes[0] has 273 frames of 30x40; a clip has 1 to {256}", many),
        ("gif_bytes[0] has 0 frames", whole[:20]),
        ("gif_bytes[0] is cut off", whole[: len(whole) * 2 // 3]),
    ):
        inputs = {"gif_bytes": [as_json(data)], "top": [1]}
        with pytest.raises(ServerError, match=re.escape(message)) as error:
            client._predict("classify_gif", inputs)
        assert error.value.status == 400


@pytest.mark.parametrize(
    ("message", "clip", "options"),
    [
        ("a clip needs a frame or more", [], {}),
        ("a clip in bytes must be a GIF file", FRAME, {}),
        ("a frame must be uint8 RGB", [np.zeros((4, 4))], {}),
        ("top must be 1 or more, not 0", [FRAME], {"top": 0}),
        ("frames must be 1 or more, not -1", "a.mp4", {"frames": -1}),
        ("none.mp4", "none.mp4", {}),
    ],
)
def test_clips_that_are_wrong(message, clip, options, client):
    with pytest.raises((ValueError, OSError), match=message):
        client.classify(clip, **options)


def test_a_classifier_segments_nothing(client):
    with pytest.raises(ValueError, match="tiny at http.* classifies clips"):
        client.label_map()
    with pytest.raises(ValueError, match="tiny at http.* takes no live video"):
        client.clip_stream()


@pytest.mark.slow
def test_live_streams_of_a_causal_classifier(tmp_path):
    model = tiny_classifier(causal=True)
    path = export_saved_model(model, tmp_path, warm_up_size=(30, 40))
    session = Session(path)
    clip = moving_frames(6, 30, 40)
    state = None
    for index, image in enumerate(map(png, clip)):
        want, _ = expected(model, clip[: index + 1])
        inputs = {"image_bytes": [image]}
        kept = session("stream", **inputs, stream_id=[7], force_key=[False])
        if state is None:
            sent = session("key", **inputs)
        else:
            sent = session("nonkey", **inputs, state_bytes=state)
        state = sent["state_bytes"]
        for outputs in (kept, sent):
            np.testing.assert_allclose(
                outputs["probabilities"][0], want, atol=2e-3
            )
    assert session("close", stream_id=[7, 8])["closed"].tolist() == [
        True,
        False,
    ]


def test_the_verb(model, tmp_path, capsys, monkeypatch):
    """Without an export, which is tested above, and without reading weights."""
    exported = []

    def quick(model, directory, interval):
        exported.append((model.class_names, directory))
        return pathlib.Path(directory, "1")

    monkeypatch.setattr(export_preset, "export_saved_model", quick)
    monkeypatch.setattr(export_preset, "form_for", lambda x, **_: x)
    monkeypatch.setattr(model, "class_names", NAMES)
    monkeypatch.setattr(model, "frame_step", 2)
    monkeypatch.setattr(restore_classifier, "read_keras_file", lambda x: model)
    kind = keras.saving.get_registered_name(BackboneClassifier)
    with zipfile.ZipFile(tmp_path / "tiny.keras", "w") as file:
        file.writestr("config.json", json.dumps({"registered_name": kind}))
    (tmp_path / "names.txt").write_text("a\nb\nc\n")
    options = ["--model", str(tmp_path / "tiny.keras"), str(tmp_path / "out")]
    names = ["--labels", str(tmp_path / "names.txt")]
    assert commands.main(["export", *options, *names]) == 0
    assert exported == [(("a", "b", "c"), str(tmp_path / "out"))]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"{tmp_path / 'out' / '1'}: version 1 of ")
    (tmp_path / "names.txt").write_text("a\nb\n")
    segmenter = ["--model", "deeplab_tiny", "--weights", "random"]
    assert commands.main(["export", *options, "--frames", "4x3"]) == 0
    assert model.frame_step == 3
    assert "note: " not in capsys.readouterr().err
    monkeypatch.setattr(model, "frame_step", "unknown")
    assert commands.main(["export", *options]) == 0
    assert "note: tiny does not tell" in capsys.readouterr().err
    del exported[1:]
    onnx = ["--format", "onnx", "--size", "32x32"]
    for message, wrong in (
        ("has frames=4, not 8", [*options, "--frames", "8x3"]),
        ("there are 2 class names", [*options, *names]),
        ("has causal=False, not True", [*options, "--causal"]),
        ("a VideoSegmenter", [*options, "--smooth"]),
        ("--causal goes with --format savedmodel", [*options, *onnx]),
        ("causal: for classifiers of clips", [*segmenter, str(tmp_path)]),
    ):
        wrong = [*wrong, "--causal"] if "causal" in message else wrong
        with small_presets():
            assert commands.main(["export", *wrong]) == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("accel-tf:") and message in error, error
    assert len(exported) == 1
