"""What a fleet has done is known after anything."""

import json

import pytest

from accel_tf.fleet.manifest import DONE, FAILED, PLANNED, Manifest

SETTINGS = {"interval": 5, "size": None}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "fleet.jsonl"


def test_what_was_added_is_there_again(path):
    with Manifest(str(path), SETTINGS) as manifest:
        manifest.plan("/a/clip.mp4", "clip")
        manifest.plan("/b/clip.mp4", "clip-2")
        manifest.plan("/c.mp4", "c")
        manifest.add({"name": "clip", "state": DONE, "frames": 3})
        manifest.add({"name": "clip-2", "part": 1, "first": 5, "end": 10})
        manifest.add({"name": "c", "state": FAILED, "reason": "no video"})
    with Manifest(str(path), SETTINGS) as manifest:
        assert manifest.names["/b/clip.mp4"] == "clip-2"
        assert manifest.states == {"clip": DONE, "clip-2": PLANNED, "c": FAILED}
        assert manifest.parts["clip-2"][1]["end"] == 10
        assert manifest.totals["clip"]["frames"] == 3


def test_parts_do_not_count_once_a_video_is_done_in_one(path):
    with Manifest(str(path), SETTINGS) as manifest:
        manifest.add({"name": "a", "part": 0})
        manifest.add({"name": "a", "state": PLANNED, "whole": "it is odd"})
    with Manifest(str(path), SETTINGS) as manifest:
        assert manifest.whole == {"a": "it is odd"} and not manifest.parts


def test_a_torn_line_does_not_count(path):
    with Manifest(str(path), SETTINGS) as manifest:
        manifest.plan("/a.mp4", "a")
    whole = path.read_bytes()
    with open(path, "ab") as file:
        file.write(b'{"name": "b", "sta')
    with Manifest(str(path), SETTINGS) as manifest:
        assert manifest.states == {"a": PLANNED}
        manifest.plan("/c.mp4", "c")
    lines = path.read_bytes().removeprefix(whole).splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["c"]


def test_other_settings_are_refused(path):
    with Manifest(str(path), SETTINGS):
        pass
    before = path.read_bytes()
    with pytest.raises(ValueError, match="interval 5, not 3"):
        with Manifest(str(path), SETTINGS | {"interval": 3}):
            pass
    assert path.read_bytes() == before


def test_another_version_is_refused_unless_it_may_be(path):
    def manifest(version, **more):
        return Manifest(str(path), SETTINGS | {"version": version}, **more)

    def refused(version, match, **more):
        with pytest.raises(ValueError, match=match):
            with manifest(version, **more):
                pass

    with manifest("1") as old:
        old.add({"name": "a", "state": DONE, "frames": 3})
        old.add({"name": "b", "part": 0})
    before = path.read_bytes()
    refused("2", "accel-tf 1, .* of 2 may differ; give --mix-versions")
    refused(
        "2", "differ; use that version, or give x", mixes_versions=None,
        elsewhere="x",
    )  # fmt: skip
    assert path.read_bytes() == before
    with manifest("2", mixes_versions=True) as new:
        # No video is of two versions.
        assert new.states == {"a": DONE} and not new.parts
        new.add({"name": "b", "part": 1})
    with manifest("2") as new:
        assert list(new.parts["b"]) == [1]
    refused("1", "begun with accel-tf 2")


def test_two_commands_do_not_share_it(path):
    with Manifest(str(path), SETTINGS):
        with pytest.raises(BlockingIOError, match="another command"):
            with Manifest(str(path), SETTINGS):
                pass


@pytest.mark.parametrize("text", ["nothing\n", "[]\n", '{"fleet": 2}\n'])
def test_another_file_is_left_alone(path, text):
    path.write_text(text)
    with pytest.raises(ValueError, match="not the record of a fleet"):
        with Manifest(str(path), SETTINGS):
            pass
    assert path.read_text() == text
