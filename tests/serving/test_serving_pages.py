"""What the pages on serving say, tried out on a server."""

import json
import os
import pathlib
import re

import pytest
from conformance_models import export_streams
from exported_models import moving_frames, png

from accel_tf.commands import main

SERVING = pathlib.Path(__file__).parent.parent.parent / "serving"
PAGES = [SERVING / "README.md", SERVING / "tf_serving" / "README.md"]
VERBS = ("export", "serve", "segment")
each_page = pytest.mark.parametrize("page", PAGES, ids=["serving", "tf"])


def blocks(page, language):
    """The examples of a page, in their order."""
    pattern = rf"^```{language}\n(.*?)^```$"
    found = re.findall(pattern, page.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    return found


def alike(answer, example):
    """Whether an answer has the form of an example, and its booleans."""
    if isinstance(example, dict):
        return answer.keys() == example.keys() and all(
            alike(answer[name], example[name]) for name in example
        )
    if isinstance(example, list):
        return len(answer) == len(example) and all(map(alike, answer, example))
    if isinstance(example, bool):
        return answer is example
    return type(answer) is type(example)


def signatures(server):
    answer = server.ask("GET", "/v1/models/streams/metadata").json()
    found = answer["metadata"]["signature_def"]["signature_def"]
    return {name: one for name, one in found.items() if name[:2] != "__"}


def test_every_signature_has_a_request_and_its_answer(server):
    asked, answer, state = set(), None, None
    for text in blocks(PAGES[1], "json"):
        example = json.loads(text)
        if not {"inputs", "instances"} & example.keys():
            assert alike(answer, example), (answer, example)
            continue
        name = example.get("signature_name", "serving_default")
        asked.add(name)
        if name == "nonkey":
            text = text.replace('"STATE"', f'"{state}"')
        status, answer = server.predict("streams", None, text)
        assert status == 200, (text, answer)
        if name == "key":
            state = answer["outputs"]["state_bytes"][0]["b64"]
    assert asked == signatures(server).keys()


@each_page
def test_requests_in_shell_examples(server, page):
    (image,) = set(re.findall(r'"b64": "([\w+/=]{80,})"', PAGES[1].read_text()))
    bodies = re.findall(r"'(\{\"[^']*\})'", "".join(blocks(page, "bash")))
    assert bodies
    for body in bodies:
        status, answer = server.predict(
            "streams", None, body.replace("%s", image)
        )
        assert status == 200, (body, answer)


@each_page
def test_python_examples(server, page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exports = tmp_path / "exports" / "camvid"
    if server.folder:
        exports.parent.mkdir()
        exports.symlink_to(server.folder / "streams")
    else:
        export_streams(exports)
    frames = tmp_path / "frames"
    frames.mkdir()
    for number, frame in enumerate(moving_frames(2, 8, 16)):
        (frames / f"{number}.png").write_bytes(png(frame))
    for code in blocks(page, "python"):
        code = code.replace("http://127.0.0.1:8501", server.url)
        code = code.replace('"camvid"', '"streams"')
        code = code.replace("models/camvid:", "models/streams:")
        scope = {}
        exec(compile(code, str(page), "exec"), scope)
        if "client" in scope:
            said = capsys.readouterr().out.splitlines()
            assert said[:2] == ["0.png (8, 16) True", "1.png (8, 16) False"]
            assert said[2].startswith("3 requests")
        elif "model" in scope:
            assert scope["labels"].shape == (8, 16, 1)
            assert scope["outputs"]["frames_since_key"].numpy() == [1]
        else:
            assert scope["outputs"]["frames_since_key"] == [1]
            assert (frames / "1.labels").read_bytes() == scope["label_png"]


def test_the_table_of_signatures(server):
    row = r"^\| `(\w+)` \| (.*) \| (.*) \|$"
    table = {
        name: [re.findall(r"`(\w+)`", cell) for cell in cells]
        for name, *cells in re.findall(row, PAGES[0].read_text(), re.MULTILINE)
    }
    assert table.pop("nonkey")[0] == ["image_bytes", "state_bytes"]
    found = signatures(server)
    del found["nonkey"]
    assert table.keys() == found.keys()
    for name, signature in found.items():
        inputs, outputs = table[name]
        assert set(inputs) == signature["inputs"].keys()
        assert set(outputs) == signature["outputs"].keys()


@each_page
def test_options_exist(page, capsys):
    helps = ""
    for verb in VERBS:
        with pytest.raises(SystemExit):
            main([verb, "--help"])
        helps += capsys.readouterr().out
    known = set(re.findall(r"--[a-z][a-z-]+", helps))
    text = page.read_text()
    # Those of TensorFlow Serving have underscores, if more than a word.
    options = set(re.findall(r"--[a-z]+(?:-[a-z]+)+(?![\w-])", text))
    assert options
    assert options - {"--mounted-at"} <= known


@each_page
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", page.read_text()):
        assert os.path.exists(page.parent / target), target
