import numpy as np
import pytest

from accel_tf.visualize import draw_classes

BAR = (52, 120, 200)


def bars(image):
    """Pixels of bars in every row."""
    return (image == BAR).all(-1).sum(1)


def test_bars_are_as_long_as_classes_are_likely():
    image = np.full((480, 640, 3), 200, np.uint8)
    drawn = draw_classes(image, ["wave", "jump", "sit"], [0.8, 0.2, 0.0])
    assert drawn.dtype == np.uint8 and drawn.shape == image.shape
    assert (image == 200).all()
    # In the first row of a bar there is no text.
    long = bars(drawn)
    starts = np.flatnonzero((long[1:] > 0) & (long[:-1] == 0)) + 1
    assert list(long[starts]) == [128, 32]  # Of a quarter of the width.
    assert (drawn[:, 330:] == 200).all() and (drawn[240:] == 200).all()


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (120, 160), (1080, 1920)])
def test_any_size(size):
    image = np.full((*size, 3), 200, np.uint8)
    names = ["pretending to put something behind something", *"bcdefgh"]
    drawn = draw_classes(image, names, [0.9, *[0.01] * 7])
    assert bars(drawn).any()
    if size[0] > 64:
        assert (drawn[size[0] // 2 :] == 200).all()


def test_no_class_leaves_the_picture():
    image = np.full((32, 32, 3), 200, np.uint8)
    np.testing.assert_array_equal(draw_classes(image, [], []), image)


def test_as_many_probabilities_as_names():
    image = np.zeros((32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match="argument 2 is"):
        draw_classes(image, ["a", "b"], [0.5])
    with pytest.raises(ValueError, match="an image is uint8 RGB"):
        draw_classes(image / 2, ["a"], [0.5])
