import image_writing
import numpy as np
import pytest
import tensorflow as tf
from etils import epath

from accel_tf.data.images import decode_image
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


def write_turned(path, orientation):
    """Writes a JPEG file with EXIF data; gives its bytes."""
    jpeg = image_writing.write_image(path, image_writing.random_frame(3))
    path.write_bytes(image_writing.with_orientation(jpeg, orientation))
    return path.read_bytes()


@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_turned_frames_are_stored_upright(orientation, tmp_path):
    path = epath.Path(tmp_path) / "7.jpg"
    data = write_turned(path, orientation)
    frame = image_files.read_frame(path)
    stored = tf.io.decode_image(frame.data).numpy()
    np.testing.assert_array_equal(stored, decode_image(data))
    turn = {2: lambda x: x[:, ::-1], 3: lambda x: x[::-1, ::-1]}.get(
        orientation, lambda x: np.rot90(x, -1 if orientation == 6 else 1)
    )
    expected = turn(tf.io.decode_image(data).numpy())
    assert np.abs(np.int16(stored) - expected).mean() < 3
    assert (frame.height, frame.width) == expected.shape[:2]


def test_upright_frames_with_exif_data_keep_their_bytes(tmp_path):
    path = epath.Path(tmp_path) / "7.jpg"
    data = write_turned(path, 1)
    assert image_files.read_frame(path).data == data


def test_deep_frames_are_stored_in_8_bits_by_their_common_range(tmp_path):
    paths = [epath.Path(tmp_path) / f"{name}.png" for name in range(3)]
    bright = np.linspace(0, 4095, 4 * 6 * 3).reshape(4, 6, 3)
    for path, factor in zip(paths, (1, 0.25, 0.5), strict=True):
        image = (bright * factor).astype(np.uint16)
        path.write_bytes(tf.io.encode_png(image).numpy())
    bits = image_files.common_bits(paths)
    assert bits == 12
    for path, factor in zip(paths, (1, 0.25, 0.5), strict=True):
        data = image_files.read_frame(path, bits).data
        image = tf.io.decode_image(data).numpy()
        assert image.dtype == np.uint8
        expected = bright * factor / 4095 * 255
        np.testing.assert_allclose(image, expected, atol=0.6)


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
