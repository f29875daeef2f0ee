"""Frames and labels as people lay them out, and what becomes of them."""

import pathlib

import cv2
import numpy as np
import pytest

from accel_tf.datasets.video_folder.clip_folders import read_splits
from accel_tf.datasets.video_folder.foreign_class_lists import (
    ListedClass,
    binary_values,
)
from accel_tf.datasets.video_folder.found_clips import (
    find_clips,
    video_clip,
)
from accel_tf.datasets.video_folder.frame_runs import (
    frame_runs,
    looks_like_a_video,
)
from accel_tf.datasets.video_folder.pieces import (
    Piece,
    pieces_of,
    runs_of,
    split_off,
)
from accel_tf.datasets.video_folder.write_folder import write_folder
from accel_tf.video import VideoWriter


def write(folder, *names, size=(24, 32), label=None, ending=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        image = np.full((*size, 3), 90, np.uint8)
        if label is not None:
            image = np.full(size, label, np.uint8)
        assert cv2.imwrite(str(folder / f"{name}{ending}"), image)


def found(folder):
    return {
        clip.name: (clip.split, sorted(clip.labels), clip.is_clip)
        for clip in find_clips(folder)
    }


def test_images_and_masks(tmp_path):
    write(tmp_path / "Images", "a_1", "a_2", "b_leftImg8bit", ending=".jpg")
    write(tmp_path / "masks", "a_1", "a_2_mask", "b_gtFine_labelIds", label=1)
    expected = {"Images": (None, ["a_1", "a_2", "b_leftImg8bit"], False)}
    assert found(tmp_path) == expected
    write(tmp_path / "masks", "c", label=1)
    with pytest.raises(ValueError, match=r"c.png has no image of its name"):
        find_clips(tmp_path)


def test_splits_above_and_below(tmp_path):
    for split in ("training", "val"):
        write(tmp_path / "one" / split / "images", "000")
        write(tmp_path / "one" / split / "masks", "000", label=0)
        write(tmp_path / "two" / "images" / split, "000")
        write(tmp_path / "two" / "annotations" / split, "000", label=0)
    expected = {
        "training": ("train", ["000"], False),
        "val": ("validation", ["000"], False),
    }
    assert found(tmp_path / "one") == found(tmp_path / "two") == expected


def test_clips_and_videos(tmp_path):
    write(tmp_path / "train" / "x" / "frames", "00", "01")
    write(tmp_path / "train" / "x" / "labels", "01", label=0)
    write(tmp_path / "drive_labels", "drive_0004", label=0)
    (tmp_path / "drive.mp4").write_bytes(b"")
    assert found(tmp_path) == {
        "drive": (None, [4], True),
        "train_x": ("train", ["01"], True),
    }
    write(tmp_path / "drive_labels", "other_4", label=0)
    with pytest.raises(ValueError, match="both for frame 4 of"):
        find_clips(tmp_path)


def test_what_is_not_understood(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        find_clips(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="the layout is images/NAME"):
        find_clips(tmp_path)
    write(tmp_path / "images", "a")
    write(tmp_path / "masks", "b", label=0)
    with pytest.raises(ValueError, match="there are b.png and a.png"):
        find_clips(tmp_path)
    write(tmp_path / "masks", "a", ending=".jpg")
    with pytest.raises(ValueError, match="a.jpg is no PNG file"):
        find_clips(tmp_path)


def test_runs_end_where_numbers_jump():
    names = ["b_7", "a_01", "a_03", "a_02", "a_10", "a_11", "still"]
    assert frame_runs("x", names) == [
        ["a_01", "a_02", "a_03"],
        ["a_10", "a_11"],
        ["b_7"],
        ["still"],
    ]
    assert frame_runs("x", ["f2", "f4", "f6"]) == [["f2", "f4", "f6"]]


def test_a_video_is_told_from_pictures(tmp_path):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (16, 24, 32, 3), dtype=np.uint8)
    ramp = np.arange(0, 160, 10, dtype=np.uint8)
    video = np.broadcast_to(ramp[:, None, None, None], pictures.shape)
    for name, images in (("pictures", pictures), ("video", video)):
        (tmp_path / name).mkdir()
        for index, image in enumerate(images):
            cv2.imwrite(str(tmp_path / name / f"{index:02d}.png"), image)
    paths = sorted((tmp_path / "video").iterdir())
    assert looks_like_a_video(paths)
    assert not looks_like_a_video(sorted((tmp_path / "pictures").iterdir()))
    assert looks_like_a_video(paths[:3]) is None


def run(name, count, labels, is_clip=True):
    paths = {place: pathlib.Path(f"{name}{place}.png") for place in labels}
    return Piece(name, list(range(count)), paths, None, is_clip)


def test_what_is_held_back():
    runs = [run(f"r{i}", 4, [1, 3]) for i in range(5)] + [run("none", 9, [])]
    train, validation = split_off(runs, 0.2)
    assert [each.name for each in validation] == ["r4"]
    assert len(train) == 5 and train[-1].name == "none"

    train, validation = split_off([run("x", 20, [3, 8, 12, 17])], 0.25)
    assert train[0].frames == list(range(13))
    # The labels are those of the same frames as before.
    assert validation[0].frames == list(range(13, 20))
    assert {k: str(v) for k, v in validation[0].labels.items()} == {
        4: "x17.png"
    }
    # About a fifth of all labels, where each run has only two of them.
    runs = [run("x", 4, [1, 3]), run("y", 4, [1, 3])]
    train, validation = split_off(runs, 0.2)
    assert [len(each.labels) for each in train] == [2, 1]
    assert [each.name for each in validation] == ["y"]
    assert split_off([run("x", 3, [0, 1])], 0)[1] == []
    with pytest.raises(ValueError, match="1 labelled frames are too few"):
        split_off([run("x", 3, [0])], 0.5)


def test_pieces_keep_what_comes_before_a_label_and_score_it_once():
    pieces = pieces_of(run("x", 200, [0, 2, 100, 120]))
    assert [each.frames for each in pieces] == [
        list(range(0, 3)),
        list(range(91, 101)),
        list(range(111, 121)),
    ]
    dense = pieces_of(run("x", 60, range(60)))
    scored = [place + x.frames[0] for x in dense for place in x.labels]
    assert scored == list(range(60))
    assert all(each.frames[0] == 0 or len(each.frames) > 9 for each in dense)
    stills = pieces_of(run("x", 3, [1], is_clip=False))
    assert [(x.frames, list(x.labels)) for x in stills] == [
        ([0], []),
        ([1], [0]),
        ([2], []),
    ]


def test_the_folder_is_what_the_builder_reads(tmp_path):
    own = tmp_path / "own"
    write(own / "images", "p8", "p9", ending=".jpg", size=(24, 32))
    write(own / "masks", "p8", "p9", label=7)
    write(own / "v_labels", "5", "6", label=3, size=(48, 64))
    frames = np.zeros((7, 48, 64, 3), np.uint8) + 20 * np.arange(7)[
        :, None, None, None
    ].astype(np.uint8)
    with VideoWriter(own / "v.mp4", 48, 64, 10.0, codec="mpeg4") as writer:
        for frame in frames:
            writer.write(frame)
    video = video_clip(own / "v.mp4", own / "v_labels")
    runs = runs_of([*find_clips(own), video], motion="stills")
    pieces = [piece for each in runs for piece in pieces_of(each)]
    out = tmp_path / "out"
    write_folder(out, {"train": pieces}, "a 1 2 3\nb 2 3 4\n", width=32)
    clips = {x.sequence_id: x for x in read_splits(out)["train"]}
    assert len(clips) == 3
    still = clips["train/images_p8_000000"]
    assert still.frames[0].resolve() == (own / "images" / "p8.jpg").resolve()
    clip = clips["train/v"]
    assert len(clip.frames) == 7 and sorted(clip.labels) == [5, 6]
    read = [cv2.imread(str(path)) for path in clip.frames]
    assert {image.shape for image in read} == {(24, 32, 3)}
    means = [image.mean() for image in read]
    np.testing.assert_allclose(means, 20 * np.arange(7), atol=6)
    label = cv2.imread(str(clip.labels[5]), cv2.IMREAD_UNCHANGED)
    assert label.shape == (24, 32) and (label == 3).all()

    write(own / "v_labels", "7", label=3, size=(48, 64))
    (late,) = runs_of([video_clip(own / "v.mp4", own / "v_labels")])
    with pytest.raises(ValueError, match="up to frame 7.*which has 7 frames"):
        write_folder(out, {"train": pieces_of(late)}, "")
    with pytest.raises(ValueError, match="frame 5, before the first frame 6"):
        runs_of([video], first_number=6)


def test_masks_of_0_and_255(tmp_path):
    write(tmp_path, "a", label=255)
    write(tmp_path, "b", label=0)
    paths = sorted(tmp_path.iterdir())
    classes = [ListedClass("background"), ListedClass("person")]
    values = [x.values for x in binary_values(paths, classes)]
    assert values == [(0,), (255,)]
    write(tmp_path, "c", label=1)
    paths = sorted(tmp_path.iterdir())
    assert binary_values(paths, classes) == classes
