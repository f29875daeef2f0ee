import json

import clip_making
import pytest
from etils import epath

from accel_tf.datasets.something_something import annotations, clip_files

OFFICIAL = "something-something-{}-{}"


def write_v1(root, labels="Holding something\nMoving a, b up", **splits):
    splits = {
        "train": "7;Moving a, b up\n8;Holding something\n",
        # Its last line has no end.
        "validation": "9;Holding something",
    } | splits
    for name, text in {"labels": labels, **splits}.items():
        (root / f"{OFFICIAL.format('v1', name)}.csv").write_text(text)


def write_v2(root, labels=None, pattern=OFFICIAL + ".json", **splits):
    labels = labels or {"Holding something": "1", "Moving something up": "0"}
    splits = {
        "train": [
            {"id": "7", "template": "Moving [something] up", "label": "x"},
            {"id": 8, "template": "Holding [something]"},
        ],
        "validation": [{"id": "9", "template": "Holding [something]"}],
    } | splits
    for name, content in {"labels": labels, **splits}.items():
        path = root / pattern.format("v2", name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))


@pytest.fixture
def root(tmp_path):
    return epath.Path(tmp_path)


def test_v1(root):
    write_v1(root)
    assert annotations.read(root, "v1") == (
        ["Holding something", "Moving a, b up"],
        {"train": {"7": 1, "8": 0}, "validation": {"9": 0}},
    )


@pytest.mark.parametrize(
    "pattern", [OFFICIAL + ".json", "labels/{1}.json", "{1}.json"]
)
def test_v2(root, pattern):
    write_v2(root, pattern=pattern)
    assert annotations.read(root, "v2") == (
        ["Moving something up", "Holding something"],
        {"train": {"7": 0, "8": 1}, "validation": {"9": 1}},
    )


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"train": "7 Holding something"}, "line 1 must be: id;label"),
        (
            {"train": "7;Holding somethin\n"},
            "'Holding somethin' of the video 7 .*mean 'Holding s",
        ),
        ({"train": "\n"}, "train.csv has no videos"),
        (
            {"train": "7;Holding something\n7;Holding something"},
            "has the video 7 twice",
        ),
    ],
)
def test_files_of_v1_that_are_not_right(root, files, text):
    write_v1(root, **files)
    with pytest.raises(ValueError, match=text):
        annotations.read(root, "v1")


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"labels": {"a": "0", "b": "2"}}, "from 0 without gaps"),
        ({"labels": {"a": "zero"}}, "an index of its own"),
        ({"labels": ["a"]}, r'must be \{"label": "index", ...\}'),
        ({"train": [{"id": "7"}]}, "entry 0 must have an id and a template"),
        ({"train": {"id": "7"}}, "train.json must be"),
        ({"train": [{"id": 1, "template": "[x] y"}]}, "'x y' of the video 1"),
    ],
)
def test_files_of_v2_that_are_not_right(root, files, text):
    write_v2(root, **files)
    with pytest.raises(ValueError, match=text):
        annotations.read(root, "v2")


def test_what_is_missing_is_named(root):
    with pytest.raises(FileNotFoundError, match="no .*v2-labels.json, nor lab"):
        annotations.read(root, "v2")
    write_v2(root)
    path = root / "something-something-v2-train.json"
    path.write_text("[")
    with pytest.raises(ValueError, match="train.json is not a JSON file"):
        annotations.read(root, "v2")
    with pytest.raises(FileNotFoundError, match="no folder .*20bn-.*-v2; the"):
        clip_files.find_folder(root, "v2")
    with pytest.raises(FileNotFoundError, match="no folder .*mine; the"):
        clip_files.find_folder(root, "v2", "mine")


def test_videos_or_folders_of_frames(root):
    (root / "frames/7").mkdir(parents=True)
    (root / "frames/8.mp4").touch()
    folder = clip_files.find_folder(root, "v1")
    found = clip_files.sources(folder, {"7": 1, "8": 0, "9": 1})
    assert [(x.clip_id, x.label, x.path.name) for x in found] == [
        ("7", 1, "7"),
        ("8", 0, "8.mp4"),
        ("9", 1, "9.webm"),
    ]


def test_a_data_set_is_built(root, tmp_path_factory):
    write_v2(root)
    clips = root / "20bn-something-something-v2"
    clip_making.write_frames(clips / "7", frames=2, name="7_{:06d}.png")
    clip_making.write_video(clips / "8.mp4", frames=3)
    clip_making.write_video(clips / "9.mp4", frames=4)
    builder = clip_making.build(
        "something_something/v2", tmp_path_factory.mktemp("data"), root
    )
    names = builder.info.features["label"].names
    assert names == ["Moving something up", "Holding something"]
    found = {}
    for split in ("train", "validation"):
        for x in builder.as_dataset(split=split).as_numpy_iterator():
            shown = clip_making.shown_in(x["frames"])
            found[split, x["clip_id"], names[x["label"]]] = shown
    assert found == {
        ("train", b"7", "Moving something up"): [0, 1],
        ("train", b"8", "Holding something"): [0, 1, 2],
        ("validation", b"9", "Holding something"): [0, 1, 2, 3],
    }
