import json
import sys

import numpy as np
import pytest
from recipe_scripts import load_script

PLAIN, ORIGINAL = ("td4_psp18", "plain"), ("td4_psp18", "original")


@pytest.fixture(scope="module")
def script():
    return load_script("benchmark_tdnet")


@pytest.fixture
def checkout(tmp_path):
    """A folder with the files that a checkout is recognised by."""
    folder = tmp_path / "TDNet" / "Testing" / "model" / "pspnet"
    folder.mkdir(parents=True)
    for name in ("td4_psp18", "td2_psp50", "pspnet"):
        (folder / f"{name}.py").touch()
    return tmp_path / "TDNet"


def test_ratios_are_taken_within_a_round(script):
    # The machine slowed down between the rounds, for both alike.
    rounds = [
        {PLAIN: ([2, 2], [1, 3]), ORIGINAL: ([9, 9], [3, 5]), "limit": 100},
        {PLAIN: ([6, 6], [4, 4]), ORIGINAL: ([9, 9], [8, 8]), "limit": 50},
        {PLAIN: ([7, 8], [1, 1]), ORIGINAL: ([9, 9], [5, 5]), "limit": 200},
    ]
    row = script.summarize(rounds, *PLAIN, multiply_adds=50e9)
    assert row == {
        "wall_seconds_per_frame": {"median": 6, "lowest": 2, "highest": 8},
        "processor_seconds_per_frame": {
            "median": 2,
            "lowest": 1,
            "highest": 4,
        },
        "times_as_fast_as_the_original": {
            "median": 2,
            "lowest": 2,
            "highest": 5,
        },
        # 50, 25 and 100 GFLOP a second of 100, 50 and 200.
        "share_of_limit": 0.5,
    }
    itself = script.summarize(rounds, *ORIGINAL, multiply_adds=50e9)
    ratios = itself["times_as_fast_as_the_original"]
    assert set(ratios.values()) == {1}


def test_equal_labels_are_counted_over_all_frames():
    labels = np.zeros((2, 2, 2), "uint8")
    others = np.zeros((2, 2, 2), "int64")
    others[1, 0] = 7
    assert load_script("rounds").share_of_equal(labels, others) == 0.75


def test_table(script):
    rounds = [
        {PLAIN: ([2.5], [2.25]), ORIGINAL: ([4], [3.375]), "limit": 160.4}
    ]
    results = {
        "machine": {
            "processor": "a processor",
            "tensorflow": "2.21",
            "torch": "2.13",
        },
        "size": "512x1024",
        "threads": 1,
        "rounds": 1,
        "frames_per_round": 4,
        "load_average_before": 0.26,
        "limit": script.spread([160.4]),
        "rows": [
            {
                "model": name,
                "form": form,
                "multiply_adds_per_frame": 108.72e9,
                "equal_labels": 0.99999,
                **script.summarize(rounds, name, form, 108.72e9),
            }
            for name, form in (PLAIN, ORIGINAL)
        ],
    }
    format_rows = load_script("original_tables").format_tdnet_speed
    # As read from the file.
    lines = format_rows(json.loads(json.dumps(results))).splitlines()
    assert lines[2] == (
        "| `td4_psp18` | accel-tf | 2.25 (2.25) | 2.50 (2.50) | 1.50 | "
        "108.7 | 60% | 99.9990% |"
    )
    assert lines[3].startswith("| `td4_psp18` | original, PyTorch | 3.3")
    assert len({line.count("|") for line in lines[:4]}) == 1
    assert "1 rounds of 4 frames of 512x1024" in lines[-1]
    assert "160 GFLOP" in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "td4"], "--models: takes td4_psp18, .*, not 'td4'"),
        (["--forms", "plain,fast"], "--forms: takes plain, fused, not 'fast'"),
        (
            ["--size", "512"],
            "--size: '512' is no size; give HEIGHTxWIDTH",
        ),
        (["--size", "0x64"], "--size: '0x64' is no size"),
        (["--rounds", "0"], "--rounds: must be .* of 1 or more"),
        (["--out", "nowhere/out.json"], "no such folder: .*nowhere"),
    ],
)
def test_wrong_arguments(script, checkout, arguments, message):
    with pytest.raises((ValueError, OSError), match=message) as error:
        script.main(["--original", str(checkout), *arguments])
    assert "\n" not in str(error.value)


def test_another_folder_than_the_original(script, checkout):
    missing = checkout / "Testing" / "model" / "pspnet" / "td4_psp18.py"
    missing.unlink()
    message = (
        f"^{checkout} is no checkout of github.com/feinanshan/TDNet: it has "
        "no Testing/model/pspnet/td4_psp18.py$"
    )
    with pytest.raises(FileNotFoundError, match=message):
        script.main(["--original", str(checkout)])


class Echo:
    """A system for a worker."""

    def __init__(self, number):
        if number < 0:
            raise ValueError("no negative numbers")
        self.number = number

    def plus(self, number):
        return self.number + number

    def end(self):
        sys.exit(3)


@pytest.mark.slow
def test_a_system_in_its_own_process():
    worker = load_script("tdnet_systems").Worker
    echo = worker(Echo, 3)
    assert echo.ask("plus", 4) == 7
    with pytest.raises(ValueError, match="no negative numbers"):
        worker(Echo, -1)
    with pytest.raises(OSError, match="process ended with 3"):
        echo.ask("end")
