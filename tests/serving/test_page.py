"""The server's side of its page."""

import contextlib
import json
import pathlib
import re

import pytest
from fake_servables import fake_manager

from accel_tf.serving import page_files
from accel_tf.serving.descriptions import read_description, read_label_map
from accel_tf.serving.rest import RestHandler
from accel_tf.serving.tensors import ServingError, VersionStatus

FOLDER = pathlib.Path(page_files.__file__).parent / "page"
DESCRIPTION = {"class_names": ["a"], "palette": [[1, 2, 3]], "interval": 5}


class Servable:
    def __init__(self, description):
        self.description = description


class Manager:
    """Two versions of an export, a model of another kind and one that goes."""

    def __init__(self):
        self.models = {
            "streets": {3: DESCRIPTION | {"interval": 7}, 2: DESCRIPTION},
            "other": {1: None},
            "gone": {},
        }

    def names(self):
        return sorted(self.models)

    def versions(self, name):
        if not self.models[name]:
            raise ServingError("NOT_FOUND", "Could not find any versions")
        ended = VersionStatus(1, "END") if name == "streets" else None
        found = [VersionStatus(n, "AVAILABLE") for n in self.models[name]]
        return [*found, *([ended] if ended else [])]

    def servable(self, name, version=None):
        return contextlib.nullcontext(Servable(self.models[name][version]))


@pytest.fixture
def manager():
    return Manager()


@pytest.fixture
def get(manager):
    handler = RestHandler(manager, pages=page_files.pages(manager))

    def ask(path):
        answer = handler.handle("GET", path, {}, b"")
        return answer.status, answer.headers["Content-Type"], answer.body

    return ask


def test_every_file_is_served_with_its_type(get):
    types = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
    names = sorted(path.name for path in FOLDER.iterdir())
    assert "index.html" in names
    for name in names:
        path = "/" if name == "index.html" else f"/page/{name}"
        status, content_type, body = get(path)
        assert status == 200
        kind = types[name.rpartition(".")[2]]
        assert content_type == f"{kind}; charset=utf-8"
        assert body == (FOLDER / name).read_bytes()
    assert get("/page/index.html")[0] == get("/page/../rest.py")[0] == 404


def test_files_are_open_to_all_but_not_the_models(manager):
    pages = page_files.pages(manager)
    closed = pages.keys() - page_files.open_paths(pages)
    assert closed == {"/accel/models.json"}


def test_what_the_files_refer_to_is_there(get):
    html = get("/")[2].decode()
    referred = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', html)
    assert referred == ["page/style.css", "page/main.js"]
    seen = set()
    while referred:
        path = referred.pop()
        if path in seen:
            continue
        seen.add(path)
        status, _, body = get(f"/{path}")
        assert status == 200, path
        # `url(...)` in a style sheet, `from "./..."` in a script.
        found = re.findall(r'from "\./([^"]+)"|url\(([^)]+)\)', body.decode())
        referred += [f"page/{one or other}" for one, other in found]
    served = {f"page/{path.name}" for path in FOLDER.iterdir()}
    assert seen == served - {"page/index.html"}


def test_nothing_comes_from_other_hosts():
    for path in FOLDER.iterdir():
        assert not re.search(r"https?://|//\w+\.", path.read_text("utf-8"))


def test_the_scripts_use_elements_that_exist(get):
    html = get("/")[2].decode()
    there = set(re.findall(r'\bid="(\w+)"', html))
    scripts = "".join(path.read_text() for path in FOLDER.glob("*.js"))
    used = set(re.findall(r'\bfind\("(\w+)"\)', scripts))
    assert len(used) > 10 and used <= there


def test_the_models_are_described_as_they_are_now(manager, get):
    status, content_type, body = get("/accel/models.json")
    assert (status, content_type) == (200, "application/json")
    assert json.loads(body) == {
        "models": {
            "streets": {"3": DESCRIPTION | {"interval": 7}, "2": DESCRIPTION}
        }
    }
    manager.models = {"new": {1: DESCRIPTION}}
    assert json.loads(get("/accel/models.json")[2])["models"].keys() == {"new"}


def test_descriptions_of_exports(tmp_path, caplog):
    assert read_description(tmp_path) is None
    (tmp_path / "assets").mkdir()
    file = tmp_path / "assets" / "accel_tf.json"
    file.write_text(json.dumps(DESCRIPTION))
    assert read_description(tmp_path) == DESCRIPTION
    assert read_label_map(file).names == ("a",)
    assert not caplog.records
    file.write_text("{")
    assert read_description(tmp_path) is None
    assert "accel_tf.json is not a JSON file" in caplog.text
    for text in ("{", "[]", '{"class_names": ["a"], "palette": []}'):
        file.write_text(text)
        with pytest.raises(ValueError, match="does not name classes; give"):
            read_label_map(file)


def test_the_time_of_the_model_is_told_on_request():
    body = json.dumps({"instances": [[1.0]]}).encode()
    path = "/v1/models/half_plus_two:predict"
    for server_timing in (False, True):
        handler = RestHandler(fake_manager(), server_timing=server_timing)
        headers = handler.handle("POST", path, {}, body).headers
        assert ("Server-Timing" in headers) == server_timing
    assert re.fullmatch(r"model;dur=\d+\.\d", headers["Server-Timing"])
