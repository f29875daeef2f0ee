import numpy as np
import pytest

from accel_tf.data.label_maps import CITYSCAPES, LabelMap
from accel_tf.visualize import add_legend, caption, overlay

TWO = LabelMap(("one", "two"), ((200, 0, 100), (0, 80, 40)))


def make_scene():
    frame = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    labels = np.zeros((6, 8), np.uint8)
    labels[:, 4:] = 1
    labels[5] = 255
    return frame, labels


@pytest.mark.parametrize("alpha", [0, 0.3, 0.5, 1])
def test_colors_are_blended_and_ignored_pixels_kept(alpha):
    frame, labels = make_scene()
    result = overlay(frame, labels, TWO, alpha=alpha)
    colors = np.array(TWO.colors)[np.minimum(labels, 1)]
    expected = (1 - alpha) * frame + alpha * colors
    assert result.dtype == np.uint8
    # One for rounding down, one for the weight in 1/256.
    assert np.abs(result[:5] - expected[:5]).max() <= 2
    np.testing.assert_array_equal(result[5], frame[5])
    if alpha in (0, 1):
        np.testing.assert_array_equal(result[:5], expected[:5])


def test_inputs_are_left_alone():
    frame, labels = make_scene()
    before = frame.copy(), labels.copy()
    result = overlay(frame, labels, TWO, contours=True)
    caption(result, "text")
    np.testing.assert_array_equal(frame, before[0])
    np.testing.assert_array_equal(labels, before[1])


def test_views_and_thin_images_are_as_good():
    frame, labels = make_scene()
    expected = overlay(frame, labels, TWO)
    turned = overlay(frame[::-1, ::-1], labels[::-1, ::-1], TWO)
    np.testing.assert_array_equal(turned[::-1, ::-1], expected)
    upright = overlay(frame.transpose(1, 0, 2), labels.T, TWO)
    np.testing.assert_array_equal(upright.transpose(1, 0, 2), expected)
    for part in ((slice(1), slice(4)), (slice(4), slice(1))):
        thin = overlay(frame[part], labels[part], TWO)
        np.testing.assert_array_equal(thin, expected[part])


def test_contours_darken_only_the_boundary():
    frame, labels = make_scene()
    plain = overlay(frame, labels, TWO)
    lined = overlay(frame, labels, TWO, contours=True)
    changed = (plain != lined).any(axis=-1)
    expected = np.zeros((6, 8), bool)
    expected[:5, 3] = True  # left of the second class
    expected[4] = True  # above the ignored row
    np.testing.assert_array_equal(changed, expected)
    assert (lined <= plain).all()


def test_overlays_that_do_not_fit():
    frame, labels = make_scene()
    for arguments, words in (
        ((frame, labels[:, :4], TWO), "labels must be uint8 of shape"),
        ((frame, labels.astype(int), TWO), "labels must be uint8"),
        ((frame.astype(float), labels, TWO), "uint8 RGB"),
        ((frame[..., 0], labels, TWO), "uint8 RGB"),
        ((frame[:0], labels[:0], TWO), "uint8 RGB"),
        ((frame, labels + 1, TWO), "label 2 is no class"),
        ((frame, labels, TWO, 1.5), "alpha"),
    ):
        with pytest.raises(ValueError, match=words):
            overlay(*arguments)


@pytest.mark.parametrize("text", ["key frame", "W" * 30])
def test_caption_is_drawn_inside_the_upper_left_corner(text):
    image = np.full((120, 200, 3), 100, np.uint8)
    result = caption(image, text)
    assert result.shape == image.shape
    rows, columns = np.nonzero((result != image).any(axis=-1))
    assert rows.min() == 0 and columns.min() == 0
    assert rows.max() < 40
    # Bright letters on a darkened strip, with room at its right end.
    assert result.max() > 200 and result[0, 0, 0] == 25
    letters = np.nonzero((result > 150).any(axis=(0, 2)))[0]
    assert letters.max() < columns.max() - 2


def test_caption_on_a_tiny_image():
    assert caption(np.zeros((4, 4, 3), np.uint8), "text").shape == (4, 4, 3)


@pytest.mark.parametrize("width", [120, 640])
def test_legend_shows_every_color_below_the_image(width):
    image = np.full((10, width, 3), 7, np.uint8)
    result = add_legend(image, CITYSCAPES)
    assert result.shape[1] == width and result.shape[0] > 20
    np.testing.assert_array_equal(result[:10], image)
    shown = {tuple(color) for color in result[10:].reshape(-1, 3).tolist()}
    assert set(CITYSCAPES.colors) <= shown


def test_narrow_legend_has_more_lines():
    heights = [
        add_legend(np.zeros((1, width, 3), np.uint8), CITYSCAPES).shape[0]
        for width in (160, 320, 640)
    ]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 3
