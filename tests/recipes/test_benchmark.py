import json

import pytest
from recipe_scripts import RECIPES, load_script

from accel_tf.benchmark.kernels import (
    COPY,
    PLAIN,
    STREAM_WARP,
    WARP,
    deformable_name,
)
from accel_tf.benchmark.report import format_markdown


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A round with a small model, in both forms."""
    path = tmp_path_factory.mktemp("results") / "benchmark.json"
    argv = ["--models", "accel_tiny", "--size", "64x128", "--rounds", "1"]
    argv += ["--interval", "3", "--json", str(path)]
    load_script("benchmark").main(argv)
    return json.loads(path.read_text())


@pytest.mark.slow
def test_rows(results):
    fused, exact = results["rows"]
    assert (fused["form"], exact["form"]) == ("fused", "exact")
    for row in (fused, exact):
        assert row["preset"] == "accel_tiny" and row["parameters"] > 0
        for kind in ("key", "non_key", "amortised"):
            for times in row[kind].values():
                assert 0 < times["lowest"] <= times["median"]
        key, non_key = row["key_multiply_adds"], row["non_key_multiply_adds"]
        assert row["multiply_adds_per_frame"] == (key + 2 * non_key) / 3
        assert 0 < row["key_share_of_limit"]
        assert row["peak_memory_bytes"] > 4 * row["parameters"]
    assert fused["of_first_variant"]["median"] == 1
    times = [
        row["amortised"]["processor_milliseconds"]["median"]
        for row in (exact, fused)
    ]
    ratio = exact["of_first_variant"]["median"]
    assert ratio == pytest.approx(times[0] / times[1], abs=1e-2)
    assert exact["non_key_multiply_adds"] > fused["non_key_multiply_adds"]


@pytest.mark.slow
def test_profile(results):
    (profile,) = results["profiles"]  # of the fused form
    (fused, _) = results["rows"]
    parts = profile["parts"]
    cost = sum(part["multiply_adds"] for part in parts)
    assert cost == fused["non_key_multiply_adds"]
    assert sum(part["share"] for part in parts) == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_kernels(results):
    kernels = {row["kernel"]: row for row in results["kernels"]}
    assert COPY in kernels and PLAIN in kernels
    assert set(kernels[STREAM_WARP]["times"]) == {COPY, WARP}
    for groups in (1, 4):
        assert kernels[deformable_name(groups)]["times"][PLAIN] > 0


@pytest.mark.slow
def test_table(results):
    text = format_markdown(results)
    assert "| accel_tiny | exact | tensorflow |" in text
    assert "1 rounds of 3 frames of 64x128" in text


@pytest.mark.slow
def test_a_batch_costs_each_frame_its_share(tmp_path):
    path = tmp_path / "benchmark.json"
    argv = ["--models", "accel_tiny", "--size", "64x128", "--rounds", "2"]
    argv += ["--batches", "1,8", "--forms", "fused", "--json", str(path)]
    load_script("benchmark").main(argv)
    one, eight = json.loads(path.read_text())["rows"]
    assert (one["batch"], eight["batch"]) == (1, 8)
    # Much less than eight times as long, and much more than an eighth.
    assert 0.25 < eight["of_first_variant"]["median"] < 2


def test_what_needs_no_long_work_fails_before_it(tmp_path):
    script = load_script("benchmark")
    missing = tmp_path / "missing" / "out.json"
    with pytest.raises(FileNotFoundError, match="no such folder"):
        script.main(["--json", str(missing)])
    with pytest.raises(ValueError, match="no preset 'accel_19'"):
        script.main(["--models", "accel_19"])


def test_by_default_the_recorded_results_are_renewed():
    results_file = load_script("recorded").results_file
    assert results_file("benchmark.json").samefile(
        RECIPES / "results" / "benchmark.json"
    )
