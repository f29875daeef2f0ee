import json

import pytest
from recipe_scripts import load_script


@pytest.fixture(scope="module")
def script():
    return load_script("benchmark_serving")


def times(milliseconds):
    return {"processor": {"median": milliseconds, "lowest": milliseconds / 2}}


def test_table(script):
    results = {
        "machine": {"processor": "a processor", "tensorflow": "2.21"},
        "conditions": "Quiet.",
        "model": "accel_18",
        "weights": "random",
        "size": "512x1024",
        "frames": "drawn streets",
        "interval": 5,
        "rounds": 8,
        "jpeg_bytes": 157_404,
        "label_png_bytes": 4_285,
        "parts": ["client: JPEG encoding", "JSON parsing", "PNG encoding"],
        "milliseconds": {
            "client: JPEG encoding": times(2.0),
            "JSON parsing": times(1.0),
            "PNG encoding": times(3.0),
            "model, key frame": times(600.0),
            "model, other frames": times(350.0),
            "end to end, key frame": times(620.0),
            "end to end, other frames": times(360.0),
        },
    }
    format_rows = load_script("speed_tables").format_serving
    lines = format_rows(json.loads(json.dumps(results))).splitlines()
    assert lines[2:7] == [
        "| client: JPEG encoding | 2.00 (1.00) | 0.50% |",
        "| JSON parsing | 1.00 (0.50) | 0.25% |",
        "| PNG encoding | 3.00 (1.50) | 0.75% |",
        "| **together, client** | 2.0 | 0.50% |",
        "| **together, server** | 4.0 | 1.00% |",
    ]
    assert lines[7] == "| `accel_18` by itself, key frame | 600.00 (300.00) | |"
    # (600 + 4 * 350) / 5 and (620 + 4 * 360) / 5.
    assert lines[9].endswith("mean at interval 5 | 400.0 | 100.00% |")
    assert lines[12].endswith("mean at interval 5 | 412.0 | 103.00% |")
    assert len({line.count("|") for line in lines[:13]}) == 1
    assert "157 kB there, a label map of 4.3 kB back" in lines[-1]


def test_a_part_is_timed_as_often_as_told(script):
    calls = []
    time_part = load_script("frames").time_part
    processor, wall = time_part(lambda: calls.append(1), 7)
    assert len(calls) == 7 and 0 <= processor and 0 < wall
    key, others = script.time_frames(
        lambda frame, is_key: calls.append((frame, is_key)), [4, 5, 6]
    )
    assert calls[7:] == [(4, True), (5, False), (6, False)]
    assert len(key) == 2 and len(others) == 2


@pytest.mark.parametrize("source", ["drawn", "folder"])
def test_frames(source, tmp_path):
    import cv2

    read_frames = load_script("frames").read_frames
    if source == "folder":
        image = 90 * read_frames(None, (32, 48), 1)[0]
        cv2.imwrite(str(tmp_path / "1.png"), image)
    frames = read_frames(
        None if source == "drawn" else str(tmp_path), (64, 96), 3
    )
    assert [frame.shape for frame in frames] == [(64, 96, 3)] * 3
    assert all(frame.dtype == "uint8" for frame in frames)
    # A single image is shown again and again.
    assert (frames[0] != frames[1]).any() == (source == "drawn")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "512"], "--size: '512' .* give HEIGHTxWIDTH of 16 or more"),
        (["--size", "8x64"], "--size: '8x64' .* of 16 or more"),
        (["--rounds", "0"], "--rounds: must be .* of 1 or more"),
        (
            ["--interval", "1"],
            "--interval: must be .* of 2 or more",
        ),
        (["--out", "nowhere/out.json"], "no such folder: .*nowhere"),
    ],
)
def test_wrong_arguments(script, arguments, message):
    with pytest.raises((ValueError, OSError), match=message) as error:
        script.main(arguments)
    assert "\n" not in str(error.value)
