import image_writing
import numpy as np
import pytest
import tensorflow as tf
from etils import epath

from accel_tf.datasets import image_files


def write_png(folder, image):
    path = epath.Path(folder) / "label.png"
    path.write_bytes(tf.io.encode_png(image).numpy())
    return path


def test_opaque_colours_lose_their_alpha_channel(tmp_path):
    image = np.full((4, 6, 4), 255, np.uint8)
    image[..., :3] = image_writing.random_frame(0, 8, 8)[:4, :6]
    label = image_files.read_label(write_png(tmp_path, image))
    np.testing.assert_array_equal(label, image[..., :3])


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((4, 6, 4), np.uint8),  # transparent colours
        ((4, 6, 2), np.uint8),  # grey with transparency
        ((4, 6, 1), np.uint16),
        ((4, 6, 3), np.uint16),
    ],
)
def test_other_kinds_of_label_images_are_refused(shape, dtype, tmp_path):
    path = write_png(tmp_path, np.ones(shape, dtype))
    with pytest.raises(ValueError, match="label.png is not a label image"):
        image_files.read_label(path)


@pytest.mark.parametrize("length", [0, 5, 20, 40, 60])
def test_beginnings_of_files_are_refused(length, tmp_path):
    path = epath.Path(tmp_path) / "label.png"
    image_writing.write_paletted(path, np.eye(16))
    path.write_bytes(path.read_bytes()[:length])
    for read in (image_files.read_label, image_files.read_frame):
        with pytest.raises(ValueError, match="label.png (is not|does not)"):
            read(path)


def test_equal_names_with_different_endings_are_refused(tmp_path):
    for ending in (".png", ".jpg"):
        image_writing.write_image(
            tmp_path / f"7{ending}", image_writing.random_frame(7)
        )
    with pytest.raises(ValueError, match="the same name"):
        image_files.image_files(epath.Path(tmp_path))


def test_only_visible_images_are_listed(tmp_path):
    frame = image_writing.random_frame(0)
    for name in ("b.JPG", "a.png", ".hidden.png"):
        image_writing.write_image(tmp_path / name, frame)
    (tmp_path / "notes.txt").write_text("no image")
    files = image_files.image_files(epath.Path(tmp_path))
    assert {stem: path.name for stem, path in files.items()} == {
        "a": "a.png",
        "b": "b.JPG",
    }
