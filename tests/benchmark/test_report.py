import json

import pytest

from accel_tf.benchmark.report import format_markdown, format_text
from accel_tf.benchmark.spread import spread


def clocks(*milliseconds):
    return {
        "processor_milliseconds": spread(milliseconds),
        "wall_milliseconds": spread([2 * each for each in milliseconds]),
    }


def row(preset, runtime="tensorflow", precision="float32", ratio=1.0):
    return {
        "preset": preset,
        "form": "fused",
        "runtime": runtime,
        "precision": precision,
        "batch": 1,
        "parameters": 30_700_000,
        "key_multiply_adds": 20_000_000_000,
        "non_key_multiply_adds": 8_000_000_000,
        "multiply_adds_per_frame": 10.4e9,
        "load_seconds": 1.5,
        "first_frames_seconds": 2.25,
        "loading_peak_memory_bytes": 900_000_000,
        "peak_memory_bytes": 800_000_000,
        "peak_device_memory_bytes": None,
        "key": clocks(1500.0, 1600.0, 1700.0),
        "key_share_of_limit": 0.87,
        "non_key": clocks(9.5, 9.25, 9.75),
        "non_key_share_of_limit": 0.523,
        "amortised": clocks(400.0),
        "of_first_model": spread([ratio]),
        "of_first_variant": spread([ratio]),
    }


@pytest.fixture
def results():
    per_frame = row("deeplab_18")
    per_frame |= {"non_key": None, "non_key_share_of_limit": None}
    return {
        "machine": {
            "processor": "a processor",
            "cores": 2,
            "python": "3.11",
            "tensorflow": "2.21",
        },
        "conditions": {
            "size": "512x1024",
            "interval": 5,
            "rounds": 3,
            "frames_per_round": 5,
            "threads": 1,
            "device": "cpu",
            "clock": "processor",
            "weights": "random",
            "frames": "drawn streets",
            "load_average_before": 0.26,
        },
        "limits": {
            "gigaflops": spread([160.4]),
            "gigabytes": spread([11.23]),
        },
        "rows": [per_frame, row("dff", ratio=0.33)],
        "kernels": [],
        "profiles": [],
    }


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_rows_in_markdown(results):
    # As read from the file.
    lines = format_markdown(json.loads(json.dumps(results))).splitlines()
    assert cells(lines[0])[:7] == [
        "model",
        "form",
        "runtime",
        "ms key",
        "ms non-key",
        "ms per frame",
        "of deeplab_18",
    ]
    assert cells(lines[2]) == [
        *["deeplab_18", "fused", "tensorflow", "1600.0 (1500.0)", "-"],
        *["400.0 (400.0)", "1.00", "20", "-", "10.4", "87%", "-"],
        *["30.7", "800", "3.8"],
    ]
    assert cells(lines[3])[3:7] == [
        "1600.0 (1500.0)",
        "9.50 (9.25)",
        "400.0 (400.0)",
        "0.33",
    ]
    assert len({line.count("|") for line in lines[:4]}) == 1
    assert "3 rounds of 5 frames of 512x1024" in lines[-1]
    assert "160 GFLOP a processor second" in lines[-1]
    assert "reads and writes 11.2 GB" in lines[-1]
    assert lines[-1].endswith("Load average before: 0.3.")


def test_variants_have_a_ratio_of_their_own(results):
    header = cells(format_markdown(results).splitlines()[0])
    assert "of fused, tensorflow" not in header
    results["rows"].append(row("dff", "openvino", "int8", ratio=0.1))
    lines = format_markdown(results).splitlines()
    column = cells(lines[0]).index("of fused, tensorflow")
    assert cells(lines[4])[column] == "0.10"
    assert cells(lines[4])[2] == "openvino int8"


def test_batches(results):
    text = format_markdown(results)
    assert ", batch 1, uint8 frame" in text
    assert "batch" not in cells(text.splitlines()[0])
    results["rows"].append(row("dff", ratio=0.9) | {"batch": 4})
    text = format_markdown(results)
    lines = text.splitlines()
    batch = cells(lines[0]).index("batch")
    assert [cells(line)[batch] for line in lines[2:5]] == ["1", "1", "4"]
    ratio = cells(lines[0]).index("of fused, tensorflow, batch 1")
    assert cells(lines[4])[ratio] == "0.90"
    assert ", uint8 frame" in text and "batch 1, uint8" not in text


def test_text_is_aligned(results):
    lines = format_text(results).splitlines()
    start = lines[0].index("ms key")
    assert lines[2][start:].startswith("1600.0 (1500.0)")
    assert "|" not in "".join(lines)


def test_an_accelerator(results):
    results["machine"]["accelerator"] = "a GPU"
    results["conditions"]["clock"] = "wall"
    results["limits"]["gigaflops"] = {"float16": spread([812_300.0])}
    results["rows"][1]["peak_device_memory_bytes"] = 345_000_000
    text = format_text(results)
    assert "on a GPU" in text
    assert "812.3 TFLOP in float16 a second" in text
    assert "345" in text.splitlines()[3]
    assert "3200.0 (3000.0)" in text.splitlines()[3]


def test_profile(results):
    results["profiles"] = [
        {
            "preset": "dff",
            "form": "fused",
            "runtime": "tensorflow",
            "precision": "float32",
            "parts": [
                {
                    "part": "flow network",
                    "multiply_adds": 10_500_000_000,
                    "bytes": 155_000_000,
                    "milliseconds": spread([210.0, 220.0]),
                    "share": 0.9,
                    "limit_milliseconds": 170.0,
                    "limited_by": "operations",
                },
                {
                    "part": "warp",
                    "multiply_adds": 8_400_000,
                    "bytes": 16_000_000,
                    "milliseconds": spread([4.0]),
                    "share": 0.1,
                    "limit_milliseconds": 1.5,
                    "limited_by": "memory",
                },
            ],
            "sum_milliseconds": spread([220.0]),
            "whole_milliseconds": spread([200.0]),
        }
    ]
    lines = format_markdown(results).splitlines()
    start = lines.index("A non-key frame of dff, fused, tensorflow:")
    table = [cells(line) for line in lines[start + 4 :]]
    assert table[0] == [
        *["flow network", "215.0 (210.0)", "90.0%", "10.5", "155.0"],
        *["170.0", "operations"],
    ]
    assert table[1][-2:] == ["1.5", "memory"]
    together = ["together", "220.0 (220.0)", "", "10.5", "", "171.5", ""]
    assert table[2] == together
    assert table[3][:2] == ["as one program", "200.0 (200.0)"]


def test_kernels(results):
    results["kernels"] = [
        {
            "kernel": "copy",
            "processor_milliseconds": spread([12.0]),
            "times": {},
        },
        {
            "kernel": "warp",
            "processor_milliseconds": spread([24.0]),
            "times": {"copy": 2.0},
        },
    ]
    lines = format_markdown(results).splitlines()[-4:]
    assert lines == [
        "| kernel | processor ms | times as long as copy |",
        "| --- | --- | --- |",
        "| copy | 12.0 (12.0) | - |",
        "| warp | 24.0 (24.0) | 2.00 |",
    ]
