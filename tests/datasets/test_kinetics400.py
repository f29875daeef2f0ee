import clip_making
import pytest
from etils import epath

from accel_tf.datasets.kinetics400.path_lists import find_clips

TRAIN = "air drumming/1.mp4 0\nb/2.mp4 1\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "train.csv").write_text(TRAIN)
    return epath.Path(tmp_path)


def test_lists_become_splits(root):
    (root / "val.csv").write_bytes(b"\xef\xbb\xbfb/3.mp4 1\r\n\r\n/abs/4.mp4 0")
    names, splits = find_clips(root, num_classes=2)
    assert names == ["0", "1"]
    assert {
        split: [(x.clip_id, x.label, str(x.path)) for x in sources]
        for split, sources in splits.items()
    } == {
        "train": [
            ("air drumming/1.mp4", 0, f"{root}/air drumming/1.mp4"),
            ("b/2.mp4", 1, f"{root}/b/2.mp4"),
        ],
        "validation": [
            ("b/3.mp4", 1, f"{root}/b/3.mp4"),
            ("/abs/4.mp4", 0, "/abs/4.mp4"),
        ],
    }


def test_a_prefix_and_names(root):
    (root / "videos").mkdir()
    (root / "classes.txt").write_text("air drumming\nbowling\n")
    names, splits = find_clips(root, prefix="videos", num_classes=2)
    assert names == ["air drumming", "bowling"]
    assert splits["train"][1].path == root / "videos/b/2.mp4"


@pytest.mark.parametrize(
    ("file", "content", "text"),
    [
        ("train.csv", "a.mp4 0\nb.mp4\n", "line 2 must be: path of a video"),
        ("train.csv", "a.mp4,0\n", "line 1 must be: path .*; it is: a.mp4,0"),
        ("train.csv", "a.mp4 2\n", "the class 2; with 2 classes they are 0 to"),
        ("train.csv", "a 0\nb 1\na 1\n", "has a twice, in lines 1 and 3"),
        ("train.csv", "\n", "train.csv is empty"),
        ("classes.txt", "a\nb\nc\n", "has 3 names, but there are 2 classes"),
    ],
)
def test_lists_that_are_not_right(root, file, content, text):
    (root / file).write_text(content)
    with pytest.raises(ValueError, match=text):
        find_clips(root, num_classes=2)


def test_what_is_missing_is_named(root, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder: .*clips; pre"):
        find_clips(root, prefix="clips")
    (root / "train.csv").unlink()
    with pytest.raises(FileNotFoundError, match="there is no .*train.csv"):
        find_clips(root)


def test_a_data_set_is_built(root, tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    clip_making.write_video(root / "b/2.mp4", frames=3)
    with pytest.raises(FileNotFoundError, match="air drumming/1.mp4; --skip"):
        clip_making.build("kinetics400", data_dir, root, num_classes=2)
    builder = clip_making.build(
        "kinetics400", data_dir, root, num_classes=2, on_fault="skip"
    )
    (example,) = builder.as_dataset(split="train").as_numpy_iterator()
    assert example["label"] == 1 and example["frame_count"] == 3
    assert example["video"] == (root / "b/2.mp4").read_bytes()
    (skipped,) = builder.info.metadata["skipped"]
    assert skipped == f"there is no {root}/air drumming/1.mp4"
