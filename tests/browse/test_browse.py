"""`accel-tf browse` on good and on bad data."""

import html.parser
import json

import cv2
import image_writing
import numpy as np
import pytest
import sequence_drawing
import video_making

from accel_tf import commands
from accel_tf.browse import browse
from accel_tf.visualize import flow_to_color

CLASSES = "road\n<i>sky\n"


def write_clip(root, clip, count, label):
    """Frames that differ, all with the same label image."""
    for number in range(count):
        name = f"{number:06d}.png"
        frame = image_writing.random_frame(number)
        image_writing.write_image(root / clip / "frames" / name, frame)
        image_writing.write_image(root / clip / "labels" / name, label)


def two_classes():
    label = np.zeros((16, 24), np.uint8)
    label[:4] = 1
    return label


def good_folder(root):
    root.mkdir()
    (root / "classes.txt").write_text(CLASSES)
    write_clip(root, "train/one", 3, two_classes())
    write_clip(root, "train/two", 3, two_classes())
    write_clip(root, "validation/three", 2, two_classes())
    return root


def change_frame(root, number, image):
    path = root / f"train/one/frames/{number:06d}.png"
    image_writing.write_image(path, image)


def change_label(root, label):
    path = root / "train/one/labels/000001.png"
    image_writing.write_image(path, label)


def cut_off(root):
    image_writing.cut_off(root / "train/one/frames/000001.png")


def cut_off_label(root):
    image_writing.cut_off(root / "train/one/labels/000001.png")


def make_black(root):
    change_frame(root, 1, np.full((16, 24, 3), 3))


def make_plain(root):
    change_frame(root, 1, np.full((16, 24, 3), 90) + [0, 30, 9])


def repeat_frame(root):
    change_frame(root, 1, image_writing.random_frame(0))


def repeat_frame_with_noise(root):
    noise = np.random.default_rng(5).integers(0, 2, (16, 24, 3))
    frame = np.clip(image_writing.random_frame(0), 1, 254)
    change_frame(root, 0, frame)
    change_frame(root, 1, np.where(noise.cumsum(1) % 5 == 0, frame + 1, frame))


def enlarge_frame(root):
    change_frame(root, 1, image_writing.random_frame(1, 24, 32))
    change_label(root, np.zeros((24, 32), np.uint8))


def enlarge_label(root):
    change_label(root, np.zeros((20, 24), np.uint8))


def use_other_values(root):
    label = two_classes()
    label[5, 5:7] = 9, 77
    change_label(root, label)


def use_other_colors(root):
    change_label(root, np.full((16, 24, 3), 9, np.uint8))


def remove_label(root):
    (root / "train/one/labels/000001.png").unlink()


def add_clip(root):
    write_clip(root, "train/long", 5, two_classes())


def use_one_class(root):
    for clip in ("one", "two"):
        for path in (root / "train" / clip / "labels").iterdir():
            image_writing.write_image(path, np.zeros((16, 24), np.uint8))


FAULTS = {
    cut_off: "images that cannot be read: 1 of 12",
    cut_off_label: "images that cannot be read: 1 of 12",
    make_black: "black frames: 1 of 6",
    make_plain: "frames of one colour: 1 of 6",
    repeat_frame: "frames like the one before: 1 of 6",
    repeat_frame_with_noise: "frames like the one before: 1 of 6",
    enlarge_frame: "frames of another size than the first of their clip: "
    "1 of 6",
    enlarge_label: "label images of another size than their frame: 1 of 6",
    use_other_values: "label images with values outside of the class list: "
    "1 of 6 (9, 77)",
    use_other_colors: "label images with values outside of the class list: "
    "1 of 6 ((9, 9, 9))",
    remove_label: "frames without a label: 1 of 6",
    add_clip: "clips of uneven length (3 to 5 frames)",
    use_one_class: "classes that never occur: 1 of 2 (<i>sky)",
}


class Page(html.parser.HTMLParser):
    """Tags and text of a page."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def sources(self):
        return [
            attributes["src"]
            for _, attributes in self.tags
            if "src" in attributes
        ]


def test_a_good_folder_has_no_faults(tmp_path, capsys):
    out = tmp_path / "out"
    root = good_folder(tmp_path / "data <b>")
    assert commands.main(["browse", str(root), "--out", str(out)]) == 0
    assert capsys.readouterr().out == (
        f"data <b>: 3 clips, 8 frames, 8 label images; no faults -> "
        f"{out / 'index.html'}\n"
    )
    summary = json.loads((out / "summary.json").read_text())
    assert summary["faults"] == []
    assert list(summary["splits"]) == ["train", "validation"]
    train = summary["splits"]["train"]
    assert train["class_shares"] == {"road": 0.75, "<i>sky": 0.25}
    assert train["images_with_class"] == {"road": 6, "<i>sky": 6}
    assert train["frame_sizes"] == {"16x24": 6}
    page = Page(out / "index.html")
    assert "data <b>" in page.text and "<i>sky" in page.text
    assert not {"b", "i"} & {tag for tag, a in page.tags if not a}
    # Frames and labels, and all in the page itself.
    assert len(page.sources()) == 16
    assert all(x.startswith("data:image/jpeg;") for x in page.sources())
    assert "http" not in (out / "index.html").read_text()
    # Six pictures of train in one row, two of validation in another.
    sheet = cv2.imread(str(out / "contact_sheet.png"))
    assert sheet.shape[1] == 6 * 246 + 6
    assert 2 * 160 < sheet.shape[0] < 2 * 166 + 100


@pytest.mark.parametrize("spoil", FAULTS)
def test_faults_are_named(spoil, tmp_path):
    root = good_folder(tmp_path / "data")
    spoil(root)
    summary = browse(root, tmp_path / "out")
    (fault,) = summary["faults"]
    assert (fault["split"], fault["text"]) == ("train", FAULTS[spoil])
    page = Page(tmp_path / "out/index.html")
    assert f"train: {FAULTS[spoil]}" in page.text
    if spoil not in (use_one_class, add_clip):
        (place,) = fault["places"]
        assert place.startswith("train_one, 000001.png")


def test_unknown_values_stand_out(tmp_path):
    root = good_folder(tmp_path / "data")
    change_label(root, np.full((16, 24), 9, np.uint8))
    browse(root, tmp_path / "out", split="train", frames=3)
    sheet = cv2.imread(str(tmp_path / "out/contact_sheet.png"))
    # In the middle of the second picture.
    assert sheet[100, 246 + 126].tolist() == [255, 0, 255]


def test_values_can_be_ignored(tmp_path):
    root = good_folder(tmp_path / "data")
    use_other_values(root)
    summary = browse(root, tmp_path / "out", ignore=("9", "77"))
    assert summary["faults"] == []
    ignored = summary["splits"]["train"]["ignored_share"]
    assert ignored == pytest.approx(2 / (6 * 16 * 24))


def test_frames_with_labels_are_shown_first(tmp_path):
    root = good_folder(tmp_path / "data")
    remove_label(root)
    options = {"split": "train", "sequences": 1, "limit": 1}
    browse(root, tmp_path / "out", frames=2, **options)
    page = Page(tmp_path / "out/index.html")
    assert "000000.png" in page.text and "000002.png" in page.text
    assert len(page.sources()) == 4


def test_a_built_data_set(tmp_path, monkeypatch):
    example = dict(sequence_drawing.FLOW_SPLITS["train"][0])
    names = [f"class {i}" for i in range(sequence_drawing.CLASSES - 1)]
    builder = sequence_drawing.build(
        tmp_path / "data", {"train": [example]}, with_flow=True, names=names
    )
    monkeypatch.setattr(
        "accel_tf.browse.clips.prepared_builder", lambda *_: builder
    )
    summary = browse("video_folder/drawn", tmp_path / "out", frames=1)
    assert {fault["kind"]: fault["count"] for fault in summary["faults"]} == {
        "outside": 2,
        "unlabelled": 4,
    }
    (outside, *_) = summary["faults"]
    assert outside["text"].endswith("2 of 2 (6)")
    assert outside["places"] == ["two_labels_0, 2", "two_labels_0, 5"]
    classes = [
        attributes.get("class")
        for _, attributes in Page(tmp_path / "out/index.html").tags
    ]
    assert {"frame", "labels", "flow"} <= set(classes)
    # The flow is below the labels.
    sheet = cv2.imread(str(tmp_path / "out/contact_sheet.png"))[..., ::-1]
    flow = sequence_drawing.flow_at(2)
    longest = np.percentile(np.hypot(*np.moveaxis(flow, -1, 0)), 99)
    color = flow_to_color(flow, longest)[8, 12]
    assert np.abs(sheet[6 + 160 + 85, 6 + 125] - color.astype(int)).max() < 30


def test_a_video_with_label_images(tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    (root / "classes.txt").write_text(CLASSES)
    pictures = [video_making.noise(8 * index) for index in range(4)]
    video_making.make(root / "drive.mp4", pictures)
    label = np.zeros((video_making.HEIGHT, video_making.WIDTH), np.uint8)
    label[:5] = 1
    for number in (1, 3, 7):
        path = root / f"drive_labels/{number:06d}.png"
        image_writing.write_image(path, label)
    summary = browse(root, tmp_path / "out")
    assert [fault["text"] for fault in summary["faults"]] == [
        "label images of frames that are not there: 1 of 3",
        "frames without a label: 2 of 4",
    ]
    assert summary["splits"]["all"]["images_with_class"]["road"] == 2


def test_masks_of_0_and_255(tmp_path):
    root = good_folder(tmp_path / "data")
    for path in root.glob("*/*/labels/*"):
        image_writing.write_image(path, 255 * two_classes())
    cut_off_label(root)
    summary = browse(root, tmp_path / "out")
    assert [fault["kind"] for fault in summary["faults"]] == ["unreadable"]
    assert summary["splits"]["train"]["class_shares"]["<i>sky"] == 0.25


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["camvid_sequence"], "no folder camvid_sequence, and no data set of"),
        (["synthetic_streets", "--data-dir", "none"], "is not built in none"),
        (["synthetic_streets", "--ignore", "9"], "are for folders"),
        (["{data}", "--data-dir", "none"], "is for data sets by name"),
        (["{data}", "--split", "test"], "its splits are: train, validation"),
        (["{data}", "--classes", "none.txt"], "no list of classes none.txt"),
        (["{data}/train"], "no list of classes in"),
    ],
)
def test_mistakes_are_one_line(arguments, message, tmp_path, capsys):
    root = good_folder(tmp_path / "data")
    arguments = [text.format(data=root) for text in arguments]
    out = tmp_path / "out"
    assert commands.main(["browse", *arguments, "--out", str(out)]) == 2
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1
    assert not out.exists()


def test_open_shows_the_page(tmp_path, monkeypatch, capsys):
    root = good_folder(tmp_path / "data")
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda uri: opened.append(uri))
    out = tmp_path / "out"
    commands.main(["browse", str(root), "--out", str(out), "--open"])
    assert opened == [(out / "index.html").as_uri()]
    assert "there is no browser" in capsys.readouterr().out
