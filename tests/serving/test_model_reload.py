"""A models.config that changes while its models are served."""

import os

import pytest
from versioned_models import WatchedFolder, answer, code, states


@pytest.fixture
def watched(tmp_path):
    watched = WatchedFolder(tmp_path)
    yield watched
    for manager in watched.managers:
        manager.close(1)


def write_config(path, *models):
    text = "".join(
        f"config {{ name: '{name}' base_path: '{base_path}' {fields} }}\n"
        for name, base_path, fields in models
    )
    path.with_suffix(".new").write_text(f"model_config_list {{ {text} }}")
    os.replace(path.with_suffix(".new"), path)


def test_the_config_is_read_again(watched, tmp_path):
    watched.add(1, 2)
    other = tmp_path / "other"
    (other / "7").mkdir(parents=True)
    path = tmp_path / "models.config"
    write_config(path, ("m", watched.folder, ""))
    manager = watched.manager(config_file=path)
    assert manager.names() == ["m"]
    all_versions = "model_version_policy { all {} }"
    label = "version_labels { key: 'stable' value: 1 }"
    write_config(
        path, ("m", watched.folder, all_versions + label), ("n", other, "")
    )
    manager.poll_config()
    assert answer(manager, label="stable") == 1
    assert manager.names() == ["m", "n"]
    # Version 2 was not loaded a second time.
    assert watched.loads == [2, 1, 7]
    write_config(path, ("n", other, ""))
    with manager.servable("m") as old:
        manager.poll_config()
        assert code(answer, manager)[0] == "NOT_FOUND"
        assert old.run() == 2
    assert old.is_closed


def test_a_new_base_path_is_served_once_it_is_loaded(watched, tmp_path):
    watched.add(1)
    path, other = tmp_path / "models.config", tmp_path / "other"
    write_config(path, ("m", watched.folder, ""))
    manager = watched.manager(config_file=path)
    write_config(path, ("m", other, ""))
    manager.poll_config()
    assert answer(manager) == 1
    (other / "1").mkdir(parents=True)
    manager.poll()
    with manager.servable("m") as servable:
        assert servable.path == other / "1"
    assert states(manager) == {1: "AVAILABLE"}


def test_a_faulty_config_changes_nothing(watched, tmp_path, caplog):
    watched.add(1)
    path = tmp_path / "models.config"
    write_config(path, ("m", watched.folder, ""))
    manager = watched.manager(config_file=path)
    for text in ("", "model_config_list { confg {} }"):
        caplog.clear()
        path.write_text(text)
        manager.poll_config()
        manager.poll_config()
        assert answer(manager) == 1
        assert len(caplog.records) == 1
    path.unlink()
    manager.poll_config()
    assert answer(manager) == 1
    path.write_text("nonsense")
    with pytest.raises(ValueError, match="no valid model config"):
        watched.manager(config_file=path)
