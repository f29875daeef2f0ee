import numpy as np
import pytest

from accel_tf.visualize import flow_to_color


def color_of(dx, dy, **arguments):
    return flow_to_color(np.array([[[dx, dy]]]), **arguments)[0, 0].tolist()


def test_directions_have_the_middlebury_colors():
    assert color_of(1, 0) == [255, 0, 0]
    red, green, blue = color_of(0, 1)  # down: yellow
    assert red == 255 and green > 200 and blue == 0
    red, green, blue = color_of(-1, 0)  # left: between cyan and blue
    assert red == 0 and green > 150 and blue == 255
    red, green, blue = color_of(0, -1)  # up: between blue and magenta
    assert 50 < red < 150 and green == 0 and blue == 255


def test_hue_has_no_seam_at_the_start_of_the_circle():
    above, below = color_of(1, -1e-6), color_of(1, 1e-6)
    np.testing.assert_allclose(above, below, atol=1)


def test_magnitude_is_saturation():
    assert color_of(0, 0) == [255, 255, 255]
    assert color_of(2, 0, max_magnitude=4) == [255, 128, 128]
    assert color_of(4, 0, max_magnitude=4) == [255, 0, 0]
    assert color_of(40, 0, max_magnitude=4) == [191, 0, 0]


def test_without_a_maximum_the_longest_vector_has_the_full_color():
    flow = np.array([[[0.3, 0.0], [0.6, 0.0]]], np.float32)
    colors = flow_to_color(flow)
    assert colors[0].tolist() == [[255, 128, 128], [255, 0, 0]]


def test_unknown_flow_is_black_and_does_not_count():
    flow = np.array([[[2, 0], [1, 0], [np.nan, 1], [np.inf, 0], [1e10, 0]]])
    colors = flow_to_color(flow)[0].tolist()
    assert colors[:2] == [[255, 0, 0], [255, 128, 128]]
    assert colors[2:] == [[0, 0, 0]] * 3
    assert not flow_to_color(np.full((2, 2, 2), np.nan)).any()


def test_shape_and_type():
    flow = np.zeros((4, 5, 2), np.float16)
    colors = flow_to_color(flow)
    assert colors.shape == (4, 5, 3) and colors.dtype == np.uint8
    for shape in ((4, 5), (4, 5, 3), (1, 4, 5, 2)):
        with pytest.raises(ValueError, match="height, width, 2"):
            flow_to_color(np.zeros(shape))
    for maximum in (0, -1, np.nan):
        with pytest.raises(ValueError, match="max_magnitude"):
            flow_to_color(flow, max_magnitude=maximum)
