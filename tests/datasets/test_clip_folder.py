import clip_making
import numpy as np
import pytest
import tensorflow as tf
from etils import epath
from video_making import damage, turn

from accel_tf import commands
from accel_tf.data.builders import prepared_builder
from accel_tf.datasets.clip_features import clip_features
from accel_tf.datasets.clip_folder.class_folders import find_clips
from accel_tf.datasets.clip_sources import ClipSource, read_source


def read(path, **options):
    source = ClipSource("a/clip", 1, epath.Path(path))
    return read_source(source, **options)


def images(example):
    return [tf.io.decode_image(data).numpy() for data in example["frames"]]


def ids(sources):
    return [source.clip_id for source in sources]


def test_a_video_is_kept_as_it_is(tmp_path):
    path = clip_making.write_video(tmp_path / "video.mp4", frames=4)
    assert read(path) == {
        "frames": [],
        "video": path.read_bytes(),
        "label": 1,
        "clip_id": "a/clip",
        "frame_count": 4,
        "frame_rate": clip_making.FRAME_RATE,
    }


def test_a_video_becomes_frames_of_a_size(tmp_path):
    path = clip_making.write_video(tmp_path / "video.mp4", frames=4)
    turn(path, 90)
    example = read(path, side=16)
    assert example["video"] == b"" and example["frame_count"] == 4
    frames = images(example)
    assert {frame.shape for frame in frames} == {(24, 16, 3)}
    assert clip_making.shown_in(frames) == [0, 1, 2, 3]
    assert example["frames"][0].startswith(b"\xff\xd8\xff")
    # Never enlarged.
    assert images(read(path, side=100))[0].shape == (48, 32, 3)


def test_frames_are_in_the_order_of_their_numbers(tmp_path):
    folder = clip_making.write_frames(tmp_path / "clip", frames=11)
    example = read(folder, frame_rate=12.0)
    assert example["frames"][10] == (folder / "11.png").read_bytes()
    assert clip_making.shown_in(images(example)) == list(range(11))
    assert example["frame_count"] == 11 and example["frame_rate"] == 12.0
    assert images(read(folder, side=16))[0].shape == (16, 24, 3)


def test_broken_videos_are_named(tmp_path):
    video = clip_making.write_video(tmp_path / "video.mp4", frames=8)
    damage(video, [3])
    empty = tmp_path / "empty.mp4"
    empty.touch()
    folder = clip_making.write_frames(tmp_path / "clip", frames=2)
    (tmp_path / "none").mkdir()
    for path, text in (
        (video, "video.mp4 does not decode"),
        (empty, r"empty.mp4 is empty \(0 bytes\)"),
        (tmp_path / "gone.mp4", "there is no .*gone.mp4"),
        (tmp_path / "none", "none has no frames"),
    ):
        with pytest.raises((ValueError, OSError), match=text):
            read(path)
    other = clip_making.write_frames(tmp_path / "other", 1, height=48)
    (other / "1.png").rename(folder / "3.png")
    with pytest.raises(ValueError, match="3.png is 48x48 and .*1.png is 48x32"):
        read(folder)


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return epath.Path(root)


def test_classes_are_folders_and_a_share_is_held_out(tmp_path):
    videos = [f"{name}/{i}.mp4" for name in ("a10", "a2") for i in range(10)]
    root = touch(tmp_path, *videos, "one/only.MOV", ".hidden/x.mp4", "list.txt")
    names, splits = find_clips(root, validation=0.3)
    assert names == ["a2", "a10", "one"]
    held_out = ids(splits["validation"])
    assert len(held_out) == 6 and len(splits["train"]) == 15
    assert sum(name.startswith("a2/") for name in held_out) == 3
    every = {source.clip_id: source for x in splits.values() for source in x}
    assert set(every) == {*videos, "one/only.MOV"}
    for clip_id, source in every.items():
        assert names[source.label] == clip_id.split("/")[0]
        assert source.path == root / clip_id
    again = find_clips(root, validation=0.3)[1]
    assert ids(again["validation"]) == held_out
    other = find_clips(root, validation=0.3, seed=1)[1]
    assert ids(other["validation"]) != held_out
    # Another class changes nothing for these.
    touch(tmp_path, "a1/1.mp4", "a1/2.mp4")
    more = ids(find_clips(root, validation=0.3)[1]["validation"])
    assert more[1:] == held_out and more[0].startswith("a1/")
    assert set(find_clips(root, validation=0)[1]) == {"train"}


def test_folders_of_splits(tmp_path):
    root = touch(
        tmp_path,
        "train/b/1.mp4",
        "train/a/1.avi",
        "val/b/2.mp4",
        "test/a/3.mp4",
    )
    names, splits = find_clips(root, validation=0.5)
    assert names == ["a", "b"]
    assert {split: ids(sources) for split, sources in splits.items()} == {
        "train": ["a/1.avi", "b/1.mp4"],
        "validation": ["b/2.mp4"],
        "test": ["a/3.mp4"],
    }
    assert splits["validation"][0].label == 1


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["1.mp4"], "has no folders of classes; the layout is CLASS/VIDEO.mp4"),
        (["a/1.mp4", "b/.x"], "the class .*b has no video"),
        (["a/1.mp4", "a/notes.doc"], "notes.doc is neither a video"),
        (
            ["train/a/1.mp4", "val/c/1.mp4"],
            "val has the class c, which .*train",
        ),
        (["val/a/1.mp4"], "has a folder val but no folder train"),
        (["train/a/1.mp4", "val/a/1.mp4", "valid/a/1.mp4"], "are both for val"),
    ],
)
def test_layouts_that_are_not_clear(tmp_path, names, text):
    root = touch(tmp_path, *names)
    with pytest.raises((ValueError, OSError), match=text):
        find_clips(root)


def test_features_want_names_that_differ():
    for names, text in (
        (["a"], r"two classes or more, got \['a'\]"),
        (["a", "b", "a"], "has 'a' twice"),
        (["a", " "], "has an empty name"),
    ):
        with pytest.raises(ValueError, match=text):
            clip_features(names)


def test_the_command_builds_and_counts_what_it_leaves_out(tmp_path, capsys):
    root, data_dir = tmp_path / "clips", tmp_path / "data"
    for name in ("wave/1.mp4", "wave/2.mp4", "clap/1.mp4"):
        clip_making.write_video(root / name, frames=3)
    (root / "wave/broken.mp4").write_bytes(b"nothing" * 99)
    argv = ["--quiet", "build-data", "clip_folder", "--manual-dir", str(root)]
    argv += ["--data-dir", str(data_dir), "--set", "validation=0"]
    assert commands.main(argv) == 2
    error = capsys.readouterr().err
    assert "broken.mp4 is not a video" in error and "Traceback" not in error
    assert commands.main([*argv, "--skip-faults"]) == 0
    text = capsys.readouterr().out
    assert "train: 3 examples" in text
    assert "skipped: 1" in text and "broken.mp4 is not a video" in text

    builder = prepared_builder("clip_folder/clips+validation-0.0", data_dir)
    assert builder.info.features["label"].names == ["clap", "wave"]
    found = {}
    for example in builder.as_dataset(split="train").as_numpy_iterator():
        found[example["clip_id"].decode()] = example["label"]
        assert clip_making.shown_in(example["frames"]) == [0, 1, 2]
        assert example["frames"].dtype == np.uint8
    assert found == {"clap/1.mp4": 0, "wave/1.mp4": 1, "wave/2.mp4": 1}


def test_numbers_out_of_range(tmp_path, capsys):
    argv = ["build-data", "clip_folder", "--data-dir", str(tmp_path / "data")]
    argv += ["--manual-dir", str(tmp_path), "--set"]
    for setting, text in (
        ("validation=1", "validation must be from 0 to below 1, not 1"),
        ("side=0", "side must be 1 pixel or more, not 0"),
        ("frame_rate=0", "frame_rate must be above 0, not 0"),
    ):
        assert commands.main([*argv, setting]) == 2
        assert text in capsys.readouterr().err
