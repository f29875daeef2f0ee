"""Versions that come and go while requests are answered."""

import gc
import threading
import time
import weakref

import pytest
from versioned_models import WatchedFolder, answer, code, states

from accel_tf.serving.model_config import VersionPolicy
from accel_tf.serving.tensors import ServingError


@pytest.fixture
def watched(tmp_path):
    watched = WatchedFolder(tmp_path)
    yield watched
    for manager in watched.managers:
        manager.close(1)


def test_serves_the_highest_version(watched):
    watched.add(9, 10, 2)
    manager = watched.manager()
    assert answer(manager) == 10
    assert states(manager) == {10: "AVAILABLE"}
    assert manager.faults() == []


def test_a_new_version_replaces_the_old_one(watched):
    watched.add(1)
    manager = watched.manager()
    with manager.servable("m") as old:
        watched.add(2)
        manager.poll()
        assert answer(manager) == 2
        assert states(manager) == {2: "AVAILABLE", 1: "UNLOADING"}
        assert old.run() == 1
        assert code(answer, manager, 1)[0] == "NOT_FOUND"
    assert old.is_closed
    assert states(manager) == {2: "AVAILABLE", 1: "END"}


def test_an_old_version_leaves_no_memory_behind(watched):
    watched.add(1)
    manager = watched.manager()
    with manager.servable("m") as servable:
        # As a graph of TensorFlow and its operations.
        servable.itself = servable
    left = weakref.ref(servable)
    del servable
    watched.add(2)
    gc.disable()
    try:
        manager.poll()
        assert left() is not None
        manager.poll()
        assert left() is None
    finally:
        gc.enable()


def test_policies(watched):
    watched.add(1, 2, 3)
    for policy, expected in (
        (VersionPolicy(), [3, 2, 1]),
        (VersionPolicy(latest=2), [3, 2]),
        (VersionPolicy(specific=frozenset({1, 3, 7})), [3, 1]),
    ):
        manager = watched.manager(policy)
        assert list(states(manager)) == expected
        for version in expected:
            assert answer(manager, version) == version


def test_a_removed_version_goes_and_may_come_again(watched):
    watched.add(1, 2)
    manager = watched.manager(VersionPolicy())
    watched.remove(2)
    manager.poll()
    assert answer(manager) == 1
    watched.add(2)
    manager.poll()
    assert answer(manager) == 2


def test_the_last_version_goes_with_its_folder(watched):
    watched.add(1)
    manager = watched.manager()
    watched.remove(1)
    manager.poll()
    assert code(answer, manager) == (
        "NOT_FOUND",
        "Servable not found for request: Latest(m)",
    )
    assert "no version in" in manager.faults()[0]


def test_nothing_goes_while_the_base_path_is_away(watched, caplog):
    watched.add(1)
    manager = watched.manager()
    away = watched.folder.with_name("away")
    watched.folder.rename(away)
    for _ in range(3):
        manager.poll()
    assert answer(manager) == 1
    assert len(caplog.records) == 1
    assert "no such file or directory" in caplog.text
    away.rename(watched.folder)
    manager.poll()
    assert manager.faults() == []


def test_a_broken_version_leaves_the_old_one_at_work(watched, caplog):
    watched.add(1)
    manager = watched.manager()
    watched.add(2, broken=True)
    manager.poll()
    assert answer(manager) == 1
    status = manager.versions("m")[0]
    assert (status.version, status.state) == (2, "END")
    assert (status.error_code, status.error_message) == ("DATA_LOSS", "broken")
    assert manager.faults() == [
        "model m: version 2 could not be loaded: broken"
    ]
    assert "version 2 could not be loaded" in caplog.text


def test_a_broken_version_is_tried_again_now_and_then(watched):
    watched.add(1, broken=True)
    manager = watched.manager(load_retries=2, load_retry_seconds=60)
    loads = []
    for now in range(0, 600, 20):
        watched.now = now
        manager.poll()
        loads.append(len(watched.loads))
    assert loads[:4] == [1, 1, 1, 2]
    assert loads[-1] == 3


def test_a_version_that_was_half_copied_is_tried_when_it_changes(watched):
    watched.add(1, broken=True)
    manager = watched.manager(load_retries=0)
    manager.poll()
    assert len(watched.loads) == 1
    (watched.folder / "1" / "broken").unlink()
    manager.poll()
    assert answer(manager) == 1
    assert manager.versions("m")[0].error_code == "OK"


def test_any_exception_of_a_load_is_a_failed_load(watched):
    watched.add(1)

    def load(name, version, path):
        raise RuntimeError("two\nlines")

    watched.load = load
    manager = watched.manager()
    status = manager.versions("m")[0]
    assert (status.error_code, status.error_message) == ("UNKNOWN", "two lines")


def test_labels(watched):
    watched.add(1, 2)
    manager = watched.manager(VersionPolicy(), {"stable": 1, "canary": 2})
    assert answer(manager, label="stable") == 1
    assert answer(manager, label="canary") == 2
    assert code(answer, manager, label="x") == (
        "INVALID_ARGUMENT",
        "Unrecognized servable version label: x",
    )
    watched.remove(2)
    manager.poll()
    assert code(answer, manager, label="canary") == (
        "NOT_FOUND",
        "Servable not found for request: Specific(m, 2)",
    )


def test_a_label_waits_for_its_version(watched):
    watched.add(1)
    manager = watched.manager(VersionPolicy(), {"stable": 1, "canary": 2})
    assert "label canary is of version 2" in manager.faults()[0]
    assert code(answer, manager, label="stable")[0] == "INVALID_ARGUMENT"
    watched.add(2)
    manager.poll()
    assert manager.faults() == []
    assert answer(manager, label="canary") == 2


def test_labels_for_unavailable_versions_may_be_allowed(watched):
    watched.add(1)
    manager = watched.manager(
        labels={"stable": 1, "canary": 2},
        allow_labels_for_unavailable_models=True,
    )
    assert answer(manager, label="stable") == 1
    assert code(answer, manager, label="canary")[0] == "NOT_FOUND"


def test_unknown_models_and_versions(watched):
    watched.add(1)
    manager = watched.manager()
    assert code(manager.versions, "x") == (
        "NOT_FOUND",
        "Could not find any versions of model x",
    )
    assert code(manager.versions, "m", 5) == (
        "NOT_FOUND",
        "Could not find version 5 of model m",
    )
    assert [each.version for each in manager.versions("m", 1)] == [1]
    with pytest.raises(ServingError, match=r"request: Specific\(x, 3\)$"):
        with manager.servable("x", 3):
            pass


def test_metrics_have_the_numbers_of_the_loaded_versions(watched):
    watched.add(1, 2)
    text = watched.manager(VersionPolicy()).metrics_text()
    gauge = ":accel_tf:serving:streams"
    assert f'{gauge}{{model_name="m",version="1"}} 1' in text
    assert f'{gauge}{{model_name="m",version="2"}} 2' in text


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_no_request_fails_while_versions_are_swapped(watched):
    watched.add(1)
    manager = watched.manager(poll_seconds=0.005)
    stop = threading.Event()
    answers, faults = [], []

    def ask():
        last = 0
        while not stop.is_set():
            try:
                with manager.servable("m") as servable:
                    first = servable.run()
                    time.sleep(0.001)
                    # One version from the beginning to the end, never an
                    # older one than the last.
                    assert servable.run() == first >= last
                    last = first
            except Exception as error:
                faults.append(error)
            answers.append(last)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for version in range(2, 12):
        watched.add(version)
        wait_for(lambda v=version: answers and answers[-1] == v)
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults
    assert set(answers) == set(range(1, 12))
    wait_for(lambda: list(states(manager).values()).count("AVAILABLE") == 1)


def test_close_waits_for_requests_and_unloads(watched):
    watched.add(1)
    manager = watched.manager()
    with manager.servable("m") as servable:
        manager.close(0.01)
        assert servable.run() == 1
        assert code(answer, manager)[0] == "NOT_FOUND"
    assert servable.is_closed
