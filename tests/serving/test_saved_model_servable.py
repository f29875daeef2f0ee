"""SavedModels that answer requests."""

import shutil
import threading
import time

import numpy as np
import pytest
from google.protobuf import json_format
from tiny_saved_models import save_tiny_model

from accel_tf.serving.saved_model_servable import SavedModelServable
from accel_tf.serving.tensors import ServingError, TensorInfo


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("tiny") / "1"
    save_tiny_model(path)
    return path


@pytest.fixture(scope="module")
def shared(folder):
    servable = SavedModelServable("tiny", 1, folder)
    yield servable
    servable.close()


@pytest.fixture
def own(folder):
    """One whose variables no other test has changed."""
    servable = SavedModelServable("tiny", 1, folder, max_streams=2)
    yield servable
    servable.close()


def strings(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def error(servable, name, **inputs):
    with pytest.raises(ServingError) as info:
        servable.run(name, inputs)
    assert "\n" not in info.value.message
    assert "node" not in info.value.message
    return info.value.code, info.value.message


def test_gives_its_signatures(shared):
    assert (shared.name, shared.version) == ("tiny", 1)
    signature = shared.signatures["join"]
    assert signature.inputs == {
        "text": TensorInfo("string", (None,)),
        "number": TensorInfo("int64", (None,)),
    }
    assert signature.outputs["length"] == TensorInfo("int32", (None,))
    assert signature.method_name == "tensorflow/serving/predict"
    assert shared.signatures["scalar"].inputs["text"].shape == ()
    assert "__saved_model_init_op" not in shared.signatures
    text = json_format.MessageToDict(shared.signature_defs["join"])
    assert text["inputs"]["number"]["dtype"] == "DT_INT64"


def test_numbers(shared):
    x = np.array([1, 2, 5], np.float32)
    outputs = shared.run("serving_default", {"x": x})
    assert outputs["y"].dtype == np.float32
    assert outputs["y"].tolist() == [2.5, 3.0, 4.5]


def test_strings_are_bytes_that_may_hold_anything(shared):
    values = b"a\0", b"", b"\xff" * 3
    outputs = shared.run(
        "join", {"text": strings(*values), "number": np.array([1, -2, 3])}
    )
    assert outputs["joined_bytes"].dtype == object
    assert outputs["joined_bytes"].tolist() == [
        b"a\x001",
        b"-2",
        b"\xff\xff\xff3",
    ]
    assert outputs["number"].tolist() == [1, -2, 3]
    assert outputs["length"].tolist() == [2, 0, 3]


def test_rank_0_and_two_names_of_one_tensor(shared):
    text = np.array(b"end in zero\0", object)
    outputs = shared.run("scalar", {"text": text})
    for name in ("same_bytes", "copy_bytes"):
        assert outputs[name].shape == ()
        assert outputs[name].item() == b"end in zero\0"


def test_no_inputs_and_a_state(own):
    counts = [own.run("count", {})["count"].item() for _ in range(3)]
    assert counts == [1, 2, 3]


def test_every_loaded_model_has_a_state_of_its_own(own, shared):
    own.run("count", {})
    assert shared.run("count", {})["count"] == 1


def test_the_graph_decides_whether_a_shape_will_do(shared):
    # As in TensorFlow Serving, whose best known example sends rank 1 to a
    # signature of rank 2.
    outputs = shared.run("column", {"x": np.array([1, 2], np.float32)})
    assert outputs["y"].tolist() == [2.5, 3.0]


def test_mistakes_in_requests(shared):
    floats = np.ones([1], np.float32)
    assert error(shared, "x") == (
        "INVALID_ARGUMENT",
        'Serving signature name: "x" not found in signature def',
    )
    assert error(shared, "serving_default", z=floats) == (
        "INVALID_ARGUMENT",
        "input size does not match signature: 1!=1 len({z}) != len({x}). "
        "Sent extra: {z}. Missing but required: {x}.",
    )
    code, message = error(shared, "serving_default", x=np.ones([1]))
    assert code == "INVALID_ARGUMENT"
    assert "double" in message
    code, message = error(shared, "check", x=-floats)
    assert code == "INVALID_ARGUMENT"
    assert "x must be positive" in message
    two = np.arange(2)
    code, _ = error(shared, "join", text=strings(b"a", b"b", b"c"), number=two)
    assert code == "INVALID_ARGUMENT"
    assert error(shared, "serving_default", x=[[1], [1, 2]])[0] == (
        "INVALID_ARGUMENT"
    )
    assert shared.run("check", {"x": floats})["y"] == 1


def run_in_threads(*functions):
    faults = []

    def guarded(function):
        try:
            function()
        except Exception as error:
            faults.append(error)

    threads = [
        threading.Thread(target=guarded, args=(each,)) for each in functions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not faults


def test_many_threads_may_call(shared):
    def call(n):
        x = np.full([n + 1], n, np.float32)
        for _ in range(50):
            y = shared.run("serving_default", {"x": x})["y"]
            assert y.tolist() == [n / 2 + 2] * (n + 1)

    run_in_threads(*(lambda n=n: call(n) for n in range(6)))


def remember(servable, *streams):
    inputs = {"stream_id": np.array(streams), "value": np.array([1])}
    return servable.run("remember", inputs)["sums"].tolist()


def test_requests_of_one_stream_follow_each_other(own, monkeypatch):
    running = []

    def call(name, inputs):
        running.append(name)
        assert len(running) == 1
        time.sleep(0.002)
        running.pop()
        return inputs

    monkeypatch.setattr(own, "_call", call)
    ids = np.array([5])

    def stream():
        for _ in range(10):
            own.run("remember", {"stream_id": ids, "value": ids})

    def close():
        for _ in range(10):
            own.run("close", {"stream_id": ids})

    run_in_threads(stream, stream, close)


def test_requests_of_different_streams_do_not(own, monkeypatch):
    # Passed only by two calls at a time.
    barrier = threading.Barrier(2, timeout=10)
    call, met = own._call, []

    def meet(name, inputs):
        barrier.wait()
        met.append(name)
        return call(name, inputs)

    monkeypatch.setattr(own, "_call", meet)
    run_in_threads(lambda: remember(own, 1), lambda: remember(own, 2))
    assert met == ["remember", "remember"]


def test_streams_are_limited_until_they_are_closed(own):
    assert remember(own, 1) == [1]
    assert remember(own, 2, 1) == [2, 2]
    with pytest.raises(ServingError, match="2 streams are open") as info:
        remember(own, 3)
    assert info.value.code == "RESOURCE_EXHAUSTED"
    # Neither of them opens a stream.
    own.run("stats", {"stream_id": np.array([3])})
    own.run("close", {"stream_id": np.array([1])})
    assert remember(own, 3) == [3]


def test_stats_are_the_numbers_about_all_streams(own):
    assert own.stats() == {"streams": 3}


def test_warm_up_requests_are_run(tmp_path):
    save_tiny_model(tmp_path / "1", warm_up=[("count", {}), ("count", {})])
    servable = SavedModelServable("tiny", 1, tmp_path / "1")
    assert servable.run("count", {})["count"] == 3
    servable.close()


def test_a_failed_warm_up_is_a_failed_load(tmp_path):
    bad = {"x": np.array([-1], np.float32)}
    save_tiny_model(tmp_path / "1", warm_up=[("check", bad)])
    code, message = load_error(tmp_path / "1")
    assert code == "INVALID_ARGUMENT"
    assert message.startswith("A warm-up request failed: ")
    requests = tmp_path / "1" / "assets.extra" / "tf_serving_warmup_requests"
    requests.write_bytes(requests.read_bytes()[:-5])
    assert "cut short" in load_error(tmp_path / "1")[1]
    requests.write_bytes(b"")
    SavedModelServable("tiny", 1, tmp_path / "1").close()


def load_error(path):
    with pytest.raises(ServingError) as info:
        SavedModelServable("tiny", 1, path)
    assert "\n" not in info.value.message
    return info.value.code, info.value.message


def test_a_folder_without_a_model(tmp_path):
    assert load_error(tmp_path) == (
        "NOT_FOUND",
        f"there is no SavedModel in {tmp_path}",
    )
    assert load_error(tmp_path / "missing")[0] == "NOT_FOUND"


@pytest.mark.parametrize(
    "name",
    [
        "saved_model.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
    ],
)
def test_a_model_that_is_cut_short(folder, tmp_path, name):
    path = tmp_path / "1"
    shutil.copytree(folder, path)
    file = path / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert load_error(path)[0] in ("DATA_LOSS", "OUT_OF_RANGE")


def test_a_closed_one_says_so(folder):
    servable = SavedModelServable("tiny", 1, folder)
    servable.run("count", {})
    servable.close()
    servable.close()
    assert error(servable, "count") == (
        "UNAVAILABLE",
        "version 1 of tiny is unloaded",
    )
