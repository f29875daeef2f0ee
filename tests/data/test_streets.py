import numpy as np
import pytest

from accel_tf.data import streets
from accel_tf.data.label_maps import STREETS

FIELDS = ("image", "labels", "flow", "visible")


def assert_equal_frames(first, second):
    for field in FIELDS:
        np.testing.assert_array_equal(
            getattr(first, field), getattr(second, field)
        )


def sampled(image, x, y):
    """Bilinear samples of image [H, W, 3], positions clamped."""
    height, width = image.shape[:2]
    x, y = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = x.astype(int), y.astype(int)
    x, y = (x - left)[..., None], (y - top)[..., None]
    image = image.astype(np.float64)
    upper = image[top, left] * (1 - x) + image[top, left + 1] * x
    lower = image[top + 1, left] * (1 - x) + image[top + 1, left + 1] * x
    return upper * (1 - y) + lower * y


def previous_position(frame):
    height, width = frame.labels.shape
    y, x = np.mgrid[:height, :width]
    return x + frame.flow[..., 0], y + frame.flow[..., 1]


def away_from_borders(labels):
    """Pixels whose eight neighbours carry the same label."""
    inner = np.zeros(labels.shape, bool)
    center = labels[1:-1, 1:-1]
    same = np.ones(center.shape, bool)
    height, width = labels.shape
    for dy in range(3):
        for dx in range(3):
            neighbour = labels[dy : height - 2 + dy, dx : width - 2 + dx]
            same &= neighbour == center
    inner[1:-1, 1:-1] = same
    return inner


@pytest.fixture(scope="module")
def pairs():
    """Consecutive frames (previous, current) of several streets."""
    result = []
    for seed in range(4):
        frames = list(streets.street_sequence(seed, 96, 192, 4))
        result += zip(frames[:-1], frames[1:], strict=True)
    return result


def test_frames_have_the_documented_shapes_and_types():
    sequence = streets.street_sequence(3, 48, 80, 2)
    assert len(sequence) == 2
    frames = list(sequence)
    assert len(frames) == 2
    for frame in frames:
        assert frame.image.shape == (48, 80, 3)
        assert frame.image.dtype == np.uint8
        assert frame.labels.shape == (48, 80)
        assert frame.labels.dtype == np.uint8
        assert frame.flow.shape == (48, 80, 2)
        assert frame.flow.dtype == np.float32
        assert frame.visible.shape == (48, 80)
        assert frame.visible.dtype == bool


def test_a_seed_always_gives_the_same_frames():
    first = streets.street_sequence(7, 48, 96, 3)
    second = streets.street_sequence(7, 48, 96, 3)
    for one, other in zip(first, second, strict=True):
        assert_equal_frames(one, other)


def test_a_frame_does_not_depend_on_length_or_order():
    short = list(streets.street_sequence(8, 48, 96, 2))
    long = streets.street_sequence(8, 48, 96, 40)
    late = long[39]
    assert_equal_frames(short[1], long[1])
    assert_equal_frames(short[0], long[0])
    assert_equal_frames(late, long[-1])
    assert (late.labels != short[1].labels).any()


def test_different_seeds_give_different_streets():
    frames = [streets.street_sequence(s, 48, 96, 1)[0] for s in range(4)]
    for index, frame in enumerate(frames):
        for other in frames[:index]:
            assert (frame.labels != other.labels).mean() > 0.1


def test_the_same_world_is_seen_at_another_size():
    small = streets.street_sequence(5, 64, 128, 2)[1]
    large = streets.street_sequence(5, 128, 256, 2)[1]
    inner = away_from_borders(small.labels)
    agree = large.labels[::2, ::2] == small.labels
    assert agree[inner].mean() > 0.98
    moved = np.abs(large.flow[::2, ::2] / 2 - small.flow)[inner]
    assert np.median(moved) < 0.1


def test_every_class_occurs_and_no_other():
    seen = set()
    with_person, with_car = 0, 0
    for seed in range(10):
        labels = streets.street_sequence(seed, 64, 128, 1)[0].labels
        present = {streets.CLASS_NAMES[value] for value in np.unique(labels)}
        seen |= present
        with_person += "person" in present
        with_car += "car" in present
    assert seen == set(streets.CLASS_NAMES)
    assert with_person >= 7
    assert with_car >= 7


def test_classes_are_those_of_the_label_map():
    assert streets.CLASS_NAMES == tuple(STREETS.names)
    colors = [tuple(map(int, color)) for color in STREETS.colors]
    assert list(streets.CLASS_COLORS) == colors


def test_flow_leads_to_the_same_class_in_the_previous_frame(pairs):
    with_flow, without_flow = [], []
    for previous, frame in pairs:
        x, y = (np.rint(p).astype(int) for p in previous_position(frame))
        chosen = frame.visible & away_from_borders(frame.labels)
        found = previous.labels[y[chosen], x[chosen]]
        with_flow.append((found == frame.labels[chosen]).mean())
        unmoved = previous.labels[frame.visible] == frame.labels[frame.visible]
        without_flow.append(unmoved.mean())
    assert min(with_flow) > 0.995
    assert np.mean(without_flow) < 0.96


def test_flow_reconstructs_the_image_from_the_previous_one(pairs):
    for previous, frame in pairs:
        x, y = previous_position(frame)
        warped = np.abs(sampled(previous.image, x, y) - frame.image)
        unmoved = np.abs(previous.image.astype(float) - frame.image)
        error = warped[frame.visible].mean()
        assert error < 6
        assert error < 0.6 * unmoved[frame.visible].mean()


def test_what_was_hidden_is_not_visible(pairs):
    hidden_error, visible_error = [], []
    for previous, frame in pairs:
        x, y = previous_position(frame)
        height, width = frame.labels.shape
        inside = (x > -0.5) & (x < width - 0.5) & (y > -0.5)
        inside &= y < height - 0.5
        assert not frame.visible[~inside].any()
        assert 0.7 < frame.visible.mean() < 1
        error = np.abs(sampled(previous.image, x, y) - frame.image).mean(-1)
        hidden_error.append(error[inside & ~frame.visible].mean())
        visible_error.append(error[frame.visible].mean())
    assert np.mean(hidden_error) > 3 * np.mean(visible_error)


def test_the_first_frame_has_flow_too():
    first, second = streets.street_sequence(2, 64, 128, 2)
    assert np.abs(first.flow).max() > 1
    assert np.median(np.abs(first.flow - second.flow)) < 0.5


def test_flow_shrinks_with_the_time_step():
    slow = streets.street_sequence(4, 64, 128, 1, frame_rate=15.0)[0]
    fast = streets.street_sequence(4, 64, 128, 1, frame_rate=60.0)[0]
    np.testing.assert_array_equal(slow.labels, fast.labels)
    ratio = np.abs(slow.flow).mean() / np.abs(fast.flow).mean()
    assert 3 < ratio < 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 0, 64, 1), "height must be an integer of at least 16, got 0"),
        ((0, 64, 15, 1), "width must be an integer of at least 16, got 15"),
        ((0, 64, 64, 0), "length must be an integer of at least 1, got 0"),
        ((-1, 64, 64, 1), "seed must be an integer of at least 0, got -1"),
        ((0, 64.0, 64, 1), "height must be an integer"),
        ((0, 64, 64, 1, 0), "frame_rate must be a positive number, got 0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        streets.street_sequence(*arguments)
    assert "\n" not in str(caught.value)


def test_an_index_outside_the_sequence_is_named():
    with pytest.raises(IndexError, match="frame 2 of a sequence of 2"):
        streets.street_sequence(0, 16, 16, 2)[2]


def test_light_and_place_can_be_chosen():
    def look(**chosen):
        frame = streets.street_sequence(3, 48, 96, 1, **chosen)[0]
        shares = np.bincount(frame.labels.ravel(), minlength=8)
        return frame.image.mean(), shares / shares.sum(), frame.labels

    vegetation, building = (
        streets.CLASS_NAMES.index("vegetation"),
        streets.CLASS_NAMES.index("building"),
    )
    day, city, labels = look(light="day", place="city")
    dusk, _, same_labels = look(light="dusk", place="city")
    assert dusk < 0.7 * day
    np.testing.assert_array_equal(labels, same_labels)
    _, country, _ = look(light="day", place="country")
    assert country[vegetation] > 2 * city[vegetation]
    assert city[building] > 2 * country[building]
    with pytest.raises(ValueError, match="light must be one of day, dusk"):
        streets.street_sequence(3, 48, 96, 1, light="night")
    with pytest.raises(ValueError, match="place must be one of city, country"):
        streets.street_sequence(3, 48, 96, 1, place="sea")
