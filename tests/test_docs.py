"""The pages tell the truth: links, tables, names, commands and programs."""

import argparse
import configparser
import functools
import importlib
import importlib.util
import json
import pathlib
import re
import shutil

import doc_pages
import numpy as np
import pytest
from doc_pages import GUIDES, PAGES, ROOT
from recipe_scripts import load_script

import accel_tf
import accel_tf.data.builders
from accel_tf import commands
from accel_tf.recipes.common import catalogue
from accel_tf.video import VideoWriter

NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"
FRAME = np.random.default_rng(0).integers(0, 256, (32, 48, 3), "uint8")


def test_readme_is_short():
    assert len(doc_pages.text_of("README.md").splitlines()) <= 200


def test_tables_are_the_recorded_results():
    module = load_script("update_readme")
    for page, text in module.updated_pages().items():
        assert doc_pages.text_of(page) == text, "run `make readme`"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for path, anchor in doc_pages.links(page):
        target = (ROOT / page).parent / path if path else ROOT / page
        is_reference = "docs/api/" in target.as_posix()  # Made by `make docs`.
        assert is_reference or target.exists(), path
        if anchor and target.suffix == ".md" and not is_reference:
            name = target.resolve().relative_to(ROOT)
            assert anchor in doc_pages.anchors(name), f"{path}#{anchor}"


def test_every_guide_can_be_reached():
    linked = {
        ((ROOT / page).parent / path).resolve()
        for page in GUIDES
        for path, _ in doc_pages.links(page)
    }
    assert {(ROOT / page).resolve() for page in GUIDES[1:]} <= linked


# === Names ===


def _exists(name):
    """Whether a dotted name has an object, imported as far as need be."""
    value = accel_tf
    for place in range(1, len(name.split("."))):
        path = name.split(".")[: place + 1]
        try:
            value = getattr(value, path[-1])
        except AttributeError:
            try:
                value = importlib.import_module(".".join(path))
            except ModuleNotFoundError:
                return False
    return True


@pytest.mark.parametrize("page", PAGES)
def test_names_exist(page):
    used = [doc_pages.names_used(x) for x, _ in doc_pages.python_blocks(page)]
    named = {
        match[0]
        for text in doc_pages.inline_code(page)
        if (match := re.match(r"accel_tf(\.\w+)+", text))
    }
    assert [name for name in named.union(*used) if not _exists(name)] == []


def _site_hook(name):
    path = ROOT / "docs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_has_every_room():
    hook = _site_hook("api_hook")
    described = {
        *hook.ROOMS,
        *(x for more in hook.ROOMS.values() for x in more),
    }
    inner = {"accel_tf.data.streets"}  # Described with the data set.
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in ROOT.glob("accel_tf/**/__init__.py")
        if "__all__" in path.read_text()
    }
    assert packages - inner <= described
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert all(f"api/{room}.md" in navigation for room in hook.ROOMS)


# === Commands ===


class _Parsed(Exception):
    """The options of a recipe were read."""


@pytest.fixture
def parse_only(monkeypatch):
    """Recipes stop once they have read their options."""
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self, arguments=None, namespace=None):
        raise _Parsed(parse(self, arguments, namespace))

    def read(arguments):
        recipe = catalogue.load_recipe(arguments[0])
        with monkeypatch.context() as patch:
            patch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)
            with pytest.raises(_Parsed) as stopped:
                recipe.main(arguments[1:])
        return stopped.value.args[0]

    return read


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_understood(page, parse_only):
    for arguments in doc_pages.commands(page):
        parsed = _parser().parse_args(arguments)
        if parsed.verb != "recipe":
            continue
        options = parse_only([parsed.name, *parsed.arguments])
        if hasattr(options, "config"):
            _check_config(parsed.name, options)


def _check_config(recipe, options):
    from accel_tf.recipes.common.command_line import load_config
    from accel_tf.training.settings import override

    if options.config == "my_config.py":
        return  # The reader's own.
    names = [config.name for config in catalogue.configs_of(recipe)]
    assert options.config in names
    override(load_config(options.config), options.set)


@pytest.mark.parametrize("page", PAGES)
def test_verbs_and_their_options_exist(page):
    for text in doc_pages.inline_code(page):
        words = text.split()
        if words[0] != "accel-tf" or len(words) == 1:
            continue
        given = {x.partition("=")[0] for x in words[1:] if x.startswith("--")}
        verb = next((x for x in words[1:] if not x.startswith("-")), None)
        if verb is None:
            assert given <= set(_parser()._option_string_actions), text
            continue
        assert verb in commands.VERBS, text
        if verb != "recipe":
            assert given <= _options(verb), text


@functools.cache
def _parser():
    return commands.make_parser()


@functools.cache
def _options(verb):
    (verbs,) = (x for x in _parser()._actions if x.choices)
    return set(verbs.choices[verb]._option_string_actions)


def test_single_options_exist():
    known = set(_parser()._option_string_actions)
    known.update(*map(_options, commands.VERBS))
    recipes = [x.read_text() for x in (ROOT / "recipes").rglob("*.py")]
    for page in GUIDES:
        for text in doc_pages.inline_code(page):
            for option in re.findall(r"^--[a-z][a-z0-9-]*", text):
                quoted = f'"{option}"'
                assert option in known or any(quoted in x for x in recipes), (
                    f"{page}: {option}"
                )


def test_every_verb_is_described():
    text = "".join(map(doc_pages.text_of, GUIDES))
    missing = [x for x in commands.VERBS if f"accel-tf {x}" not in text]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_targets_extras_and_scripts_exist(page):
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    extras = settings["options.extras_require"]
    text = doc_pages.text_of(page)
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)`", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for names in re.findall(r"pip install[^\n]*\[([a-z,]+)\]", text):
        assert all(name in extras for name in names.split(",")), names
    for path in re.findall(r"python (\S+\.py)", text):
        assert (ROOT / path).is_file(), path


# === Programs ===


@functools.cache
def _street_data(folder):
    """A data set as the pages name one, with few and small pictures."""
    import tensorflow_datasets as tfds

    from accel_tf.data.builders import builder_class
    from accel_tf.datasets.synthetic_streets import SyntheticStreetsConfig

    builder_class("synthetic_streets")
    config = SyntheticStreetsConfig(
        name="miniature",
        height=32,
        width=48,
        train_sequences=1,
        train_length=3,
        validation_sequences=1,
        validation_length=3,
    )
    builder = tfds.builder("synthetic_streets", config=config, data_dir=folder)
    builder.download_and_prepare()
    return builder


@pytest.fixture
def video_folder(tmp_path, monkeypatch):
    """A folder with a video, and little to compute."""
    import tensorflow as tf

    monkeypatch.chdir(tmp_path)
    with VideoWriter("drive.mp4", 32, 48, 10) as writer:
        for index in range(3):
            writer.write(np.roll(FRAME, index, axis=1))
    # A few small frames are computed in less time than graphs are traced.
    tf.config.run_functions_eagerly(True)
    yield tmp_path
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def workplace(video_folder, monkeypatch, tmp_path_factory):
    """The same, and what the programs of the pages open."""
    folder = tmp_path_factory.getbasetemp() / "street_data"
    monkeypatch.setattr(
        accel_tf.data.builders,
        "prepared_builder",
        lambda *_: _street_data(folder),
    )
    monkeypatch.setattr(accel_tf.weights, "default_model", _default_model)


@functools.cache
def _default_model():
    from accel_tf.weights.shipped import default_model

    return default_model()


def _stand_ins():
    import keras

    images = keras.Input((None, None, 3))
    scores = keras.layers.Conv2D(4, 3, strides=4, padding="same")(images)
    return {
        "frame": FRAME,
        "frames": [FRAME],
        "keras_model": keras.Model(images, scores),
    }


def _runs_eagerly(test):
    """Two warnings of eager computation are no news here."""
    for text in ("Even though the `tf.config", "__array__ implementation"):
        test = pytest.mark.filterwarnings(f"ignore:{text}")(test)
    return test


# Their programs train, or read a data set.
_SLOW = {"docs/data.md", "docs/evaluation.md", "docs/training.md"}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow if page in _SLOW else ())
        for page in GUIDES
        if any(is_run for _, is_run in doc_pages.python_blocks(page))
    ],
)
@_runs_eagerly
def test_programs_run(page, workplace):
    names = _stand_ins()
    before = set(names)
    for code, is_run in doc_pages.python_blocks(page):
        program = compile(code, page, "exec")
        if is_run:
            exec(program, names)
    assert names.keys() > before


@pytest.mark.slow
@_runs_eagerly
def test_notebook_runs(workplace):
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    names = {}
    for cell in notebook["cells"]:
        assert not cell.get("outputs"), "clear the outputs of the notebook"
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), NOTEBOOK, "exec"), names)


# Files that the pages speak of and no test can have at hand, or what takes
# minutes to draw.
_FOREIGN = re.compile(
    r"accel_18|accel-18|hub:|--server|propagated\.keras|synthetic|camvid|"
    r"CamVid|cityscapes|INPUT"
)
_RUN = sorted(
    {
        tuple(arguments)
        for page in GUIDES
        for arguments in doc_pages.commands(page)
        if arguments[0] in ("segment", "build-data", "train", "browse")
        and not _FOREIGN.search(" ".join(arguments))
    }
)


@pytest.mark.slow
@_runs_eagerly
@pytest.mark.parametrize("arguments", _RUN, ids=" ".join)
def test_commands_run(arguments, own_files):
    if arguments[0] == "train":
        arguments += ("--steps", "1", "--batch-size", "1")
    assert commands.main([*arguments]) == 0


@pytest.fixture
def own_files(video_folder):
    """Files of a reader who follows the guides."""
    own_clips = ("my_clips/wave/d.mp4", "my_clips/clap/e.mp4")
    for name in ("a.mp4", "b.mp4", "clips/c.mp4", *own_clips):
        pathlib.Path(name).parent.mkdir(exist_ok=True, parents=True)
        shutil.copy("drive.mp4", name)
    for split in ("train", "validation"):
        clip = pathlib.Path("my_data", split, "clip")
        (clip / "labels").mkdir(parents=True)
        (clip / "frames").mkdir()
        for index in range(3):
            image = np.roll(FRAME, index, axis=1)
            _write_image(clip / "frames" / f"{index}.png", image)
            _write_image(
                clip / "labels" / f"{index}.png", np.uint8(image[..., 0] > 99)
            )
    pathlib.Path("drive_labels").mkdir()
    for index in range(3):
        shutil.copy(f"my_data/train/clip/labels/{index}.png", "drive_labels")
    for folder in (".", "my_data"):
        pathlib.Path(folder, "classes.txt").write_text(
            "dark 0 0 0\nlight 9 9 9"
        )


def _write_image(path, image):
    import cv2

    cv2.imwrite(str(path), image)


def test_figures_are_drawn(tmp_path):
    path = ROOT / "docs" / "figures" / "draw.py"
    spec = importlib.util.spec_from_file_location("draw", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.draw(tmp_path)
    drawn = {x.name for x in tmp_path.glob("*.svg")}
    assert drawn == {x.name for x in path.parent.glob("*.svg")}
    used = "".join(map(doc_pages.text_of, GUIDES))
    assert all(f"figures/{name}" in used for name in drawn)


@pytest.mark.slow
def test_site_is_built_without_a_warning(tmp_path):
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    build(
        load_config(
            str(ROOT / "mkdocs.yml"), site_dir=str(tmp_path), strict=True
        )
    )
    pages = tmp_path.rglob("*.html")
    assert (tmp_path / "index.html").is_file()
    loaded = re.compile(r"(?:src|href)=\"?https?://[^\" >]*\.(?:js|css|woff2?)")
    assert not [x for x in pages if loaded.search(x.read_text())]
