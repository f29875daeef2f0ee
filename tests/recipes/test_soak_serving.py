import contextlib
import time
import types

import echo_server
import numpy as np
import pytest
from recipe_scripts import load_script


@pytest.fixture(scope="module")
def script():
    return load_script("soak_serving")


def stream(times, differing=0, errors=()):
    return types.SimpleNamespace(
        times=times, differing=differing, errors=list(errors)
    )


def test_summary(script):
    streams = [
        stream([(100.0 + n, 0.1) for n in range(1, 11)]),
        stream([(100.0 + n, 0.3) for n in range(6, 11)], 2, ["x"]),
    ]
    samples = [(n, 2**20 * (50 + 10 * (n == 9))) for n in range(10)]
    found = script.summary(streams, samples, 100.0)
    assert found["errors"] == 1 and found["first_errors"] == ["x"]
    assert found["frames"] == 15 and found["frames_that_differ"] == 2
    assert found["frames_of_a_stream"] == [5, 7.5, 10]
    waits = found["milliseconds"]
    assert waits["all"] == {"p50": 100.0, "p99": 300.0, "longest": 300.0}
    assert waits["first_half"]["longest"] == 100.0
    # Of the samples 5 to 9 the first two beside the last three.
    assert found["growth_in_last_half_mib"] == pytest.approx(3.33)
    named = {"streams": 2, "flood_clients": 0, "seconds": 10, "size": "8x8"}
    format_soak = load_script("soak_lines").format_soak
    lines = format_soak(found | named).splitlines()
    assert "15 frames, 2 with other labels" in lines[0]
    assert lines[0].endswith("1 errors")
    assert "60 MiB at most" in lines[3]
    with pytest.raises(ValueError, match="no frame was answered: .'broken'"):
        script.summary([stream([], errors=["broken"])], samples, 0.0)


def test_a_stream_goes_on_after_an_error(script, monkeypatch):
    monkeypatch.setattr(script, "_AFTER_ERROR_SECONDS", 0.0)
    answers = iter([TimeoutError("silent"), np.zeros(1), np.ones(1)])

    class Stream(contextlib.nullcontext):
        frames_since_key = 0

        def __call__(self, file):
            answer = next(answers, None)
            if answer is None:
                time.sleep(0.2)
                raise KeyError("end")
            if isinstance(answer, Exception):
                raise answer
            return answer

    client = types.SimpleNamespace(stream=Stream)
    labels = {(0, 0): np.zeros(1), (1, 0): np.zeros(1)}
    one = script._ControlStream(client, [b"a", b"b"], labels, 0)
    one.run(time.monotonic() + 0.2)
    assert one.errors == ["TimeoutError: silent", "KeyError: 'end'"]
    assert len(one.times) == 2 and one.differing == 1


def test_a_flood_has_clients_of_all_kinds():
    module = load_script("server_flood")
    inputs = module.stream_inputs(b"image")
    with echo_server.serving(body_bytes=2**20) as server:
        address = ("127.0.0.1", server.server_address[1])
        seen = {}
        for number, kind in enumerate(["_frames", "_gone", "_rubbish"]):
            flood = module.Flood(address, "/path", inputs, 3, 0.05)
            flood._repeat(getattr(flood, kind), number)
            seen |= flood.seen
    assert seen["frames: 200"] > 1 and seen["gone: left"] == 1
    assert any(name.startswith("rubbish: ") for name in seen)
