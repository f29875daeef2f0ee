import pathlib
import struct
import tempfile

import numpy as np
import pytest
import tensorflow_datasets as tfds

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.builders import make_builder, prepared_builder
from accel_tf.data.clips import clip_dataset
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.pairs import flow_dataset
from accel_tf.data.sequences import read_sequences
from accel_tf.datasets.flying_chairs import FlyingChairs
from accel_tf.datasets.flying_chairs.flow_files import read_flow, read_ppm
from accel_tf.ops import warp

HEIGHT, WIDTH = 32, 48
MOTIONS = [(3, -2), (-4, 1), (0, 5), (6, 6), (-1, -3)]
"""(dx, dy) of each pair: where a point of image 1 is in image 2, from there."""


def write_ppm(path, image, header=None):
    height, width, _ = image.shape
    header = header or f"P6\n{width} {height}\n255\n".encode()
    path.write_bytes(header + image.tobytes())


def write_flow(path, flow):
    height, width, _ = flow.shape
    header = struct.pack("<fii", 202021.25, width, height)
    path.write_bytes(header + flow.astype("<f4").tobytes())


def moved_texture(number):
    """Both images and the flow of a texture that moves by whole pixels."""
    dx, dy = MOTIONS[number - 1]
    texture = np.random.default_rng(number).integers(
        0, 256, (HEIGHT + 20, WIDTH + 20, 3), np.uint8
    )

    def window(left, top):
        return texture[top : top + HEIGHT, left : left + WIDTH]

    flow = np.full((HEIGHT, WIDTH, 2), (dx, dy), np.float32)
    return window(10, 10), window(10 - dx, 10 - dy), flow


def draw(root, splits="11212"):
    """Writes one pair for each character of `splits`, as in the release."""
    data = root / "FlyingChairs_release/data"
    data.mkdir(parents=True)
    for number in range(1, len(splits) + 1):
        first, second, flow = moved_texture(number)
        write_ppm(data / f"{number:05d}_img1.ppm", first)
        write_ppm(data / f"{number:05d}_img2.ppm", second)
        write_flow(data / f"{number:05d}_flow.flo", flow)
    lines = "".join(f"{split}\n" for split in splits)
    (data.parent / "FlyingChairs_train_val.txt").write_text(lines)
    return root


def build(manual_dir, data_dir):
    builder = make_builder("flying_chairs", data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=manual_dir)
    )
    return builder


class FlyingChairsTest(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = FlyingChairs
    BUILDER_CONFIG_NAMES_TO_TEST = ["pairs"]
    SPLITS = {"train": 3, "validation": 2}

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.EXAMPLE_DIR = draw(pathlib.Path(folder.name))
        super().setUpClass()


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    build(draw(tmp_path_factory.mktemp("chairs")), data_dir)
    return prepared_builder("flying_chairs", data_dir)


def test_pairs_come_back_exactly(builder):
    for split, numbers in (("train", [1, 2, 4]), ("validation", [3, 5])):
        examples = {
            example["sequence_id"]: example
            for example in tfds.as_numpy(builder.as_dataset(split=split))
        }
        assert sorted(examples) == [f"{n:05d}".encode() for n in numbers]
        for number in numbers:
            example = examples[f"{number:05d}".encode()]
            first, second, flow = moved_texture(number)
            np.testing.assert_array_equal(example["frames"], [second, first])
            np.testing.assert_array_equal(example["flows"], [0 * flow, flow])
            assert example["flows"].dtype == np.float32
            assert example["frame_numbers"].tolist() == [2, 1]
            assert example["label_positions"].size == 0
            assert len(example["labels"]) == 0
    assert label_map_of(builder).names == ("unlabelled",)


def equal_inside(previous, current, flow):
    """Whether the warped previous frame is the current one."""
    warped = np.asarray(warp(previous[None].astype("float32"), flow[None]))[0]
    inside = slice(6, -6), slice(6, -6)
    return np.allclose(warped[inside], current[inside], atol=1e-3)


def test_flow_leads_back_to_the_previous_frame(builder):
    sequences = list(read_sequences(builder, "train"))
    assert [len(sequence["labels"]) for sequence in sequences] == [0, 0, 0]
    for sequence in sequences:
        previous, current = sequence["frames"][0], sequence["frames"][1]
        flow = sequence["flows"][1]
        assert equal_inside(previous, current, flow)
        assert not equal_inside(previous, current, -flow)
        assert not equal_inside(current, previous, flow)


def test_training_pairs_and_their_flow_fit(builder):
    dataset = flow_dataset(
        builder,
        "train",
        stride=8,
        batch_size=2,
        augmentation=Augmentation(crop=(24, 40), flip=True),
    )
    seen = set()
    for pairs, flows in dataset.take(12).as_numpy_iterator():
        assert pairs.shape == (2, 2, 24, 40, 3) and flows.shape == (2, 3, 5, 2)
        for (previous, current), flow in zip(pairs, flows, strict=True):
            whole = flow.repeat(8, axis=0).repeat(8, axis=1) * 8
            assert equal_inside(previous, current, whole)
            seen.add(tuple(whole[0, 0].tolist()))
    drawn = {MOTIONS[number - 1] for number in (1, 2, 4)}
    assert seen == drawn | {(-dx, dy) for dx, dy in drawn}


def test_it_cannot_train_a_segmenter(builder):
    with pytest.raises(ValueError, match="no sequence of 'train' has a label"):
        clip_dataset(builder, "train", length=2, batch_size=1)


def test_the_list_may_lie_beside_the_release(tmp_path):
    root = draw(tmp_path / "chairs", "12")
    name = "FlyingChairs_train_val.txt"
    (root / "FlyingChairs_release" / name).rename(root / name)
    splits = build(root, tmp_path / "data").info.splits
    assert splits["train"].num_examples == 1
    assert splits["validation"].num_examples == 1


def test_the_release_folder_itself_will_do_and_one_split(tmp_path):
    root = draw(tmp_path / "chairs", "11") / "FlyingChairs_release"
    (root / "data/.DS_Store").write_text("no pair")
    splits = build(root, tmp_path / "data").info.splits
    assert {name: split.num_examples for name, split in splits.items()} == {
        "train": 2
    }


# === Faults ===


def remove(path):
    path.unlink()


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-5])


def cut_off_header(path):
    path.write_bytes(path.read_bytes()[:10])


def append(path):
    path.write_bytes(path.read_bytes() + b"more")


def wrong_start(path):
    path.write_bytes(b"PIEX" + path.read_bytes()[4:])


def other_size(path):
    if path.suffix == ".flo":
        write_flow(path, np.zeros((HEIGHT, 8, 2)))
    else:
        write_ppm(path, np.zeros((HEIGHT, 8, 3), np.uint8))


def unknown_flow(path):
    flow = moved_texture(2)[2]
    flow[7, 5, 1] = 1e10
    write_flow(path, flow)


def undefined_flow(path):
    flow = moved_texture(2)[2]
    flow[7, 5, 0] = np.nan
    write_flow(path, flow)


def no_width(path):
    path.write_bytes(struct.pack("<fii", 202021.25, 0, 4))


def sixteen_bits(path):
    path.write_bytes(b"P6 2 1 65535\n" + bytes(12))


def third_class(path):
    path.write_text("1\n1\n3\n1\n2\n")


def empty(path):
    path.write_text("\n")


def shorter(path):
    path.write_text("1\n2\n1\n")


def longer(path):
    path.write_text("1\n" * 7)


def remove_data(path):
    for file in path.iterdir():
        file.unlink()
    path.rmdir()


LIST, DATA = "FlyingChairs_train_val.txt", "data"
FIRST, SECOND = "data/00002_img1.ppm", "data/00002_img2.ppm"
FLOW = "data/00002_flow.flo"


@pytest.mark.parametrize(
    ("spoil", "file", "error", "expected"),
    [
        (remove, FIRST, FileNotFoundError, "00002_img1.ppm; the list"),
        (remove, SECOND, FileNotFoundError, "00002_img2.ppm; the list"),
        (remove, FLOW, FileNotFoundError, "00002_flow.flo; the list"),
        (remove, LIST, FileNotFoundError, f"{LIST}; it has a line for each"),
        (remove_data, DATA, FileNotFoundError, "extract FlyingChairs.zip in"),
        (cut_off, FIRST, ValueError, "00002_img1.ppm is cut off: 48x32"),
        (cut_off, FLOW, ValueError, "take 12300 bytes, the file has 12295"),
        (cut_off_header, SECOND, ValueError, "not a binary PPM image"),
        (cut_off_header, FLOW, ValueError, "00002_flow.flo is not a .flo"),
        (append, SECOND, ValueError, "00002_img2.ppm is too long: 48x32"),
        (append, FLOW, ValueError, "00002_flow.flo is too long: 48x32"),
        (wrong_start, FLOW, ValueError, "00002_flow.flo is not a .flo file"),
        (wrong_start, FIRST, ValueError, "00002_img1.ppm is not a binary PPM"),
        (other_size, SECOND, ValueError, "00002_img2.ppm is 8x32 and"),
        (other_size, FLOW, ValueError, "00002_flow.flo is 8x32 and"),
        (unknown_flow, FLOW, ValueError, "000.0] at x=5, y=7; every pixel"),
        (undefined_flow, FLOW, ValueError, "flow [nan, 1.0] at x=5, y=7;"),
        (no_width, FLOW, ValueError, "00002_flow.flo says that it is 0x4"),
        (sixteen_bits, FIRST, ValueError, "00002_img1.ppm has values up to 6"),
        (third_class, LIST, ValueError, "line 3 must be 1 (train) or 2 (val"),
        (empty, LIST, ValueError, "is empty; it must have a line for each"),
        (shorter, LIST, ValueError, "00004_flow.flo (and 5 more) is not in"),
        (longer, LIST, FileNotFoundError, "00006_flow.flo (and 5 more); the"),
    ],
)
def test_a_fault_is_named_in_one_line(spoil, file, error, expected, tmp_path):
    root = draw(tmp_path / "chairs")
    spoil(root / "FlyingChairs_release" / file)
    with pytest.raises(error) as caught:
        build(root, tmp_path / "data")
    message = str(caught.value)
    assert expected in message
    assert str(root) in message
    assert "\n" not in message
    assert not list((tmp_path / "data").rglob("*tfrecord*"))


def test_ppm_headers_may_have_comments(tmp_path):
    image = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    path = tmp_path / "image.ppm"
    write_ppm(path, image, b"P6 # a comment\n# 7 8\n3\t2\n# more\n255\n")
    np.testing.assert_array_equal(read_ppm(path), image)


def test_flow_files_are_x_first_row_by_row(tmp_path):
    path = tmp_path / "flow.flo"
    values = 1.5, -2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    path.write_bytes(b"PIEH" + struct.pack("<ii12f", 3, 2, *values))
    flow = read_flow(path)
    assert flow.shape == (2, 3, 2) and flow.dtype == np.float32
    assert flow[0, 0].tolist() == [1.5, -2]
    assert flow[1, 2].tolist() == [11, 12]
