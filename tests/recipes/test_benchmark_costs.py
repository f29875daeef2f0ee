import gzip
import json

import pytest
from recipe_scripts import load_script


@pytest.fixture(scope="module")
def requests():
    return load_script("costly_requests").costly_requests(20_000)


def test_requests_are_as_large_as_told(requests):
    assert len(requests) > 20
    for name, make in requests.items():
        body, headers = make()
        if headers:
            assert len(body) < len(gzip.decompress(body)) / 50, name
        elif "image of" not in name:
            assert 15_000 < len(body) <= 20_000, name
        if not headers and " in " not in name:
            # Python reads infinity by another name.
            text = body.replace(b"Inf", b"1")
            assert json.loads(text, parse_int=len), name


def test_table():
    cost = {
        "bytes": 100_000,
        "status": 400,
        "seconds": 2.0,
        "processor_seconds": 0.5,
        "peak_bytes": 1_234_567,
        "answer_bytes": 120,
        "others_waited": 0.01,
        "a_stream_waited": 0.25,
        "message": "too much",
    }
    late = {**cost, "status": None}
    ended = {**late, "peak_bytes": None}
    results = {
        "costs": {"100 kB": {"rows": cost, "keys": cost}},
        "before": {"100 kB": {"rows": late, "keys": ended}},
    }
    format_costs = load_script("cost_tables").format_costs
    lines = format_costs(results).splitlines()
    after = "1.2 MB | 0.50 | 400, 0.1 kB | 0.01 | 0.25 |"
    assert lines[2:] == [
        "| 100 kB: rows | 100.0 kB | > 1.2 MB | > 0.50 | none in 2 s | 0.01 "
        f"| {after}",
        "| 100 kB: keys | 100.0 kB | server ended | > 0.50 | none in 2 s "
        f"| 0.01 | {after}",
    ]
    del results["before"]
    lines = format_costs(results).splitlines()
    assert lines[2] == f"| 100 kB: rows | 100.0 kB | {after}"
