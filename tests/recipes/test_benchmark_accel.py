import json
import sys

import numpy as np
import pytest
from original_accel import expected_labels, write_checkout, write_mxnet
from recipe_scripts import load_script


@pytest.fixture(scope="module")
def script():
    return load_script("benchmark_accel")


@pytest.fixture(scope="module")
def systems():
    return load_script("accel_systems")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout of the original, as far as it is read."""
    return write_checkout(tmp_path_factory.mktemp("Accel"))


@pytest.fixture
def with_mxnet(tmp_path, monkeypatch):
    """Lets the processes of this interpreter import the small MXNet."""
    monkeypatch.setenv("PYTHONPATH", str(write_mxnet(tmp_path / "site")))


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "clip.npy"
    frames = np.random.default_rng(0).integers(0, 256, (4, 5, 6, 3))
    np.save(path, frames.astype("uint8"))
    return path


@pytest.fixture
def start(systems, checkout, clip, tmp_path):
    """Starts processes of the original in this interpreter."""
    started = []

    def start(name, original=checkout):
        worker = systems.OriginalWorker(
            sys.executable, original, name, clip, 1, 0, tmp_path
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.close()
        assert worker.process.returncode is not None


@pytest.mark.parametrize("name", ["accel_34", "dff_101", "deeplab_101"])
def test_the_original_goes_from_frame_to_frame(
    systems, with_mxnet, start, clip, name, checkout, tmp_path
):
    worker = start(name)
    assert worker.ask("versions")["mxnet"] == "1.9.1"
    path = tmp_path / "weights.npz"
    worker.ask("save", str(path))
    with np.load(path) as weights:
        assert set(weights) == {"arg:conv1_bias", "aux:bn_moving_var"}
        bias = weights["arg:conv1_bias"]
    assert bias != 0
    expected = expected_labels(
        np.load(clip), bias, systems.SYSTEMS[name].scores
    )
    # The second time as the first: it begins anew with a key frame.
    for _ in range(2):
        labels = worker.ask("clip_labels", 4)
        assert labels.dtype == "uint8"
        np.testing.assert_array_equal(labels, expected)
    wall, processor = worker.ask("time_clip", 4)
    assert len(wall) == len(processor) == 4
    assert min(wall) > 0
    # Neither answers nor byte code of the original stay behind.
    assert not list(tmp_path.glob("answer*"))
    assert not list(checkout.rglob("*.pyc"))


def test_an_interpreter_without_mxnet(start):
    with pytest.raises(OSError, match="cannot import mxnet") as error:
        start("accel_18")
    assert "it needs mxnet==1.9.1 and numpy==1.23.5" in str(error.value)
    assert "\n" not in str(error.value)


def test_failures_of_the_original(with_mxnet, start, capfd):
    worker = start("accel_18")
    with pytest.raises(OSError, match="^the original: .*no_method"):
        worker.ask("no_method")
    with pytest.raises(OSError, match="the original's process ended with 0"):
        worker.ask("versions")
    # What it prints does not get between the answers.
    assert "a message that is no answer" in capfd.readouterr().err


def test_random_tensors():
    draw = load_script("accel_original").draw_tensor
    kernel = draw("18_upsampling_weight", (19, 1, 32, 32), 0)
    assert kernel[:, 0].sum((1, 2)) == pytest.approx([256] * 19)
    assert kernel[0, 0, 0, 0] == pytest.approx(1 / 32**2)
    learned = draw("18_feat_upsampling_weight", (64, 19, 4, 4), 0)
    assert learned.std() == pytest.approx((2 / (19 * 16)) ** 0.5, rel=0.05)
    variance = draw("bn2a_branch1_moving_var", (1000,), 0)
    assert 0.5 <= variance.min() < variance.max() <= 1.5
    np.testing.assert_array_equal(
        draw("bn2a_branch1_moving_var", (1000,), 0), variance
    )
    for name, seed in (("bn2b_moving_var", 0), ("bn2a_branch1_moving_var", 1)):
        assert (draw(name, (1000,), seed) != variance).any()


def test_ratios_are_taken_within_a_round(script):
    # The machine slowed down between the rounds, for both alike.
    rounds = [
        {"fused": ([9, 1, 1], [2, 1, 1]), "original": ([0] * 3, [8, 2, 4])},
        {"fused": ([9, 2, 2], [4, 2, 2]), "original": ([0] * 3, [8, 8, 8])},
    ]
    assert script.summarize(rounds, "fused", [1, 2]) == {
        "wall_seconds_per_frame": {"median": 1.5, "lowest": 1, "highest": 2},
        "processor_seconds_per_frame": {
            "median": 1.5,
            "lowest": 1,
            "highest": 2,
        },
        "times_as_fast_as_the_original": {
            "median": 3.5,
            "lowest": 3,
            "highest": 4,
        },
    }
    key = script.summarize(rounds, "fused", [0])
    assert key["times_as_fast_as_the_original"]["median"] == 3
    # Of sums, not the mean of ratios: 14 / 4 and 24 / 8.
    clip = script.summarize(rounds, "fused", [0, 1, 2])
    assert clip["times_as_fast_as_the_original"] == {
        "median": 3.25,
        "lowest": 3,
        "highest": 3.5,
    }


class Imitation:
    """In the place of accel-tf's process: the same labels but one."""

    def __init__(self, system, name, code, checkpoint, clip, *, threads):
        with np.load(checkpoint) as weights:
            bias = weights["arg:conv1_bias"]
        scores = load_script("accel_systems").SYSTEMS[name].scores
        labels = expected_labels(np.load(clip), bias, scores)
        self.labels = labels.astype("uint8")
        if code == "fused":
            self.labels[-1, 0, 0] ^= 1

    def ask(self, method, count):
        return {
            "clip_labels": self.labels,
            "time_clip": ([1.0] * count, [1.0] * count),
        }[method]

    def close(self):
        pass


def test_results(script, checkout, with_mxnet, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(script, "start", Imitation)
    out = tmp_path / "speed.json"
    arguments = [
        *("--original", str(checkout), "--original-python", sys.executable),
        *("--systems", "accel_18,deeplab_101", "--size", "16x20"),
        *("--interval", "4", "--rounds", "2", "--out", str(out)),
    ]
    script.main(arguments)
    results = json.loads(out.read_text())
    rows = {
        (row["system"], row["code"], row["frame"]): row
        for row in results["rows"]
    }
    codes = ("plain", "fused", "original")
    kinds = ("key", "non-key", "all")
    assert list(rows) == [
        *(("accel_18", code, kind) for code in codes for kind in kinds),
        *(("deeplab_101", code, "key") for code in codes),
    ]
    share = {kind: rows["accel_18", "fused", kind] for kind in kinds}
    assert share["key"]["equal_labels"] == 1
    assert share["non-key"]["equal_labels"] == 1 - 1 / (3 * 16 * 20)
    assert share["all"]["equal_labels"] == 1 - 1 / (4 * 16 * 20)
    assert rows["accel_18", "plain", "all"]["equal_labels"] == 1
    assert results["machine"]["mxnet"] == "1.9.1"

    load_table = load_script("original_tables").format_accel_speed
    lines = load_table(results).splitlines()
    assert capsys.readouterr().out.splitlines() == lines
    assert len({line.count("|") for line in lines[:14]}) == 1
    assert lines[5].startswith(
        "| `accel_18` | accel-tf, `fuse_for_inference` |"
    )
    assert "| mean at interval 4 | 1.00 (1.00) | 1.00 (1.00) |" in lines[7]
    assert lines[7].endswith("| 99.922% |")
    assert lines[10].endswith("| 1.00 (1.00 to 1.00) | 100.000% |")
    assert "2 rounds of a clip of 4 frames of 16x20" in lines[-1]


def test_a_failure_leaves_the_systems_before(
    script, checkout, with_mxnet, monkeypatch, tmp_path
):
    def start(system, name, *arguments, threads):
        if name == "deeplab_101":
            raise OSError("memory ran out")
        return Imitation(system, name, *arguments, threads=threads)

    monkeypatch.setattr(script, "start", start)
    out = tmp_path / "speed.json"
    arguments = [
        *("--original", str(checkout), "--original-python", sys.executable),
        *("--systems", "dff_101,deeplab_101,accel_18", "--size", "16x20"),
        *("--rounds", "1", "--out", str(out)),
    ]
    with pytest.raises(OSError, match="memory ran out"):
        script.main(arguments)
    rows = json.loads(out.read_text())["rows"]
    assert {row["system"] for row in rows} == {"dff_101"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--systems", "accel_19"], "--systems: takes accel_18, .*'accel_19'"),
        (["--runtimes", "tvm"], "--runtimes: takes tensorflow, .*'tvm'"),
        (["--forms", "fast"], "--forms: takes plain, fused, fused:bf"),
        (
            ["--size", "512"],
            "--size: '512' is no size; give HEIGHTxWIDTH",
        ),
        (
            ["--interval", "1"],
            "--interval: must be .* of 2 or more",
        ),
        (["--rounds", "0"], "--rounds: must be .* of 1 or more"),
        (["--threads", "0"], "--threads: must be .* of 1 or more"),
        (["--seed", "-1"], "--seed: must be .* of 0 or more"),
        (["--out", "nowhere/out.json"], "no such folder: .*nowhere"),
        (
            ["--original-python", "no/python"],
            "--original-python is no interpreter: no/python",
        ),
    ],
)
def test_wrong_arguments(script, checkout, arguments, message):
    valid = ["--original", str(checkout), "--original-python", sys.executable]
    with pytest.raises((ValueError, OSError), match=message) as error:
        script.main([*valid, *arguments])
    assert "\n" not in str(error.value)


def test_another_folder_than_the_original(script, tmp_path):
    message = (
        f"^{tmp_path} is no checkout of github.com/SamvitJ/Accel: it has no "
        "dff_deeplab/symbols/accel_18.py$"
    )
    with pytest.raises(FileNotFoundError, match=message):
        script.main(
            ["--original", str(tmp_path), "--original-python", sys.executable]
        )


@pytest.mark.slow
def test_our_side(systems, tmp_path):
    """In processes of their own, from the preset to the labels of a clip."""
    import accel_tf

    clip, calibration = systems.draw_clips(tmp_path, (32, 64), 3, seed=0)
    model = accel_tf.from_preset("accel_tiny", num_classes=19)
    checkpoint = str(tmp_path / "model.weights.h5")
    model.save_weights(checkpoint)
    common = "accel_tiny", "openvino:int8"
    converter = systems.start(
        systems.Converter, *common, checkpoint, calibration, threads=1
    )
    folder = str(tmp_path / "int8")
    converter.ask("save", folder)
    converter.close()
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(3))
    expected = np.stack([stream(frame[None])[0] for frame in np.load(clip)])
    for code, source, least in (
        ("fused", checkpoint, 0.999),
        ("openvino:int8", folder, 0.5),
    ):
        worker = systems.start(
            systems.Ours, "accel_tiny", code, source, clip, threads=1
        )
        labels = worker.ask("clip_labels", 3)
        assert (labels == expected).mean() > least
        wall, processor = worker.ask("time_clip", 3)
        assert len(wall) == len(processor) == 3
        worker.close()
        assert worker.process.exitcode == 0


def test_streets_are_others_to_calibrate(systems, tmp_path):
    clips = systems.draw_clips(tmp_path, (32, 64), 3, seed=0)
    timed, calibration = (np.load(clip) for clip in clips)
    assert timed.shape == (3, 32, 64, 3)
    assert calibration.shape == (10, 32, 64, 3)
    assert (timed[0] != calibration[0]).mean() > 0.5
