"""The modules of `accel_tf.models` import each other in one direction."""

import ast
import graphlib
import pathlib

import pytest

import accel_tf

ROOT = pathlib.Path(accel_tf.__file__).parent
ROOM = "accel_tf.models"


def imports(folder, package):
    """Module of the folder -> those that it imports, in functions too."""
    files = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        files[".".join((package, *parts))] = path
    return {
        module: {
            name
            for node in ast.walk(ast.parse(path.read_text()))
            for name in _imported(node, files)
            if name != module
        }
        for module, path in files.items()
    }


def _imported(node, known):
    if isinstance(node, ast.Import):
        names = [(alias.name, None) for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "relative imports are not followed"
        names = [(node.module, alias.name) for alias in node.names]
    else:
        return
    for module, name in names:
        inner = f"{module}.{name}"
        if inner in known or module in known:
            yield inner if inner in known else module


def circle_of(graph):
    """Modules that import each other in a circle; none if there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_there_is_no_circle():
    graph = imports(ROOT / "models", ROOM)
    assert f"{ROOM}.segmenter" in graph[f"{ROOM}.deeplab.deeplab"]
    assert circle_of(graph) == []


def test_no_system_knows_its_fused_form():
    """Forms are imported by other forms, and by the room, which has all."""
    graph = imports(ROOT / "models", ROOM)
    rooms = {module.rpartition(".")[0] for module in graph}
    known = {
        (module, name)
        for module, names in graph.items()
        for name in names
        if ".fused_" in name and ".fused_" not in module and module not in rooms
    }
    assert known == set()
    assert sum(".fused_" in module for module in graph) > 8


@pytest.mark.parametrize(
    "text, expected",
    [
        ("from room import two", ["room.one", "room.two"]),
        ("def later():\n    from room.two import name", ["room.one"] * 2),
        ("import room.two", ["room.one", "room.two"]),
        ("from room import other", []),
    ],
)
def test_a_circle_is_found(text, expected, tmp_path):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "one.py").write_text(text)
    (tmp_path / "two.py").write_text("from room.one import name")
    found = circle_of(imports(tmp_path, "room"))
    assert bool(found) == bool(expected)
    assert set(expected) <= set(found)
