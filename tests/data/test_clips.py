import numpy as np
import pytest
import tensorflow as tf

from accel_tf.data.clips import (
    class_frequencies,
    clip_dataset,
    flow_dataset,
)


@pytest.fixture
def sequences():
    """Frames whose pixels name their place, so that a cut can be seen."""
    rows, columns = np.mgrid[:16, :24]
    frame = np.stack([rows, columns, 0 * rows], -1)
    frames = np.stack([frame + [0, 0, t] for t in range(5)]).astype("uint8")
    labels = (rows * 8 + columns % 8).astype("uint8") % 5
    flows = np.stack([np.full((16, 24, 2), (8.0 * t, 16.0)) for t in range(5)])
    example = {
        "frames": frames[None],
        "labels": np.stack([labels, labels])[None, ..., None],
        "label_positions": np.array([[1, 4]], "int64"),
        "flows": flows[None].astype("float32"),
    }
    return tf.data.Dataset.from_tensor_slices(example)


def test_clips_end_at_a_labelled_frame(sequences):
    ends = set()
    for clip, label in (
        clip_dataset(sequences, 2, 1).take(30).as_numpy_iterator()
    ):
        assert clip.shape == (1, 2, 16, 24, 3) and label.shape == (1, 16, 24)
        ends.add(int(clip[0, 1, 0, 0, 2]))
        assert clip[0, 0, 0, 0, 2] == clip[0, 1, 0, 0, 2] - 1
    assert ends == {1, 4}
    # Only the later label has four frames before it.
    clip, _ = next(clip_dataset(sequences, 5, 1).as_numpy_iterator())
    assert clip[0, :, 0, 0, 2].tolist() == [0, 1, 2, 3, 4]


def test_crop_and_flip_treat_frames_and_label_alike(sequences):
    windows = set()
    dataset = clip_dataset(sequences, 2, 4, crop=(8, 16), seed=1).take(10)
    for clips, labels in dataset.as_numpy_iterator():
        assert clips.shape == (4, 2, 8, 16, 3) and labels.shape == (4, 8, 16)
        for clip, label in zip(clips, labels, strict=True):
            rows, columns = clip[0, ..., 0], clip[0, ..., 1]
            np.testing.assert_array_equal(clip[1, ..., :2], clip[0, ..., :2])
            expected = (rows.astype(int) * 8 + columns % 8) % 256 % 5
            np.testing.assert_array_equal(label, expected)
            windows.add((rows[0, 0], columns[0, 0] < columns[0, 1]))
    assert len({top for top, _ in windows}) > 1
    assert {flipped for _, flipped in windows} == {True, False}


def test_class_weights_weigh_pixels(sequences):
    weights = [1.0, 2.0, 3.0, 4.0, 5.0]
    dataset = clip_dataset(sequences, 1, 2, class_weights=weights)
    _, label, weight = next(dataset.as_numpy_iterator())
    np.testing.assert_array_equal(weight, np.array(weights)[label])


def test_flow_is_averaged_and_flipped(sequences):
    signs = set()
    dataset = flow_dataset(sequences, 8, 2, seed=0).take(10)
    for pairs, flows in dataset.as_numpy_iterator():
        assert pairs.shape == (2, 2, 16, 24, 3) and flows.shape == (2, 2, 3, 2)
        for pair, flow in zip(pairs, flows, strict=True):
            flipped = pair[0, 0, 0, 1] > pair[0, 0, 1, 1]
            t = float(pair[1, 0, 0, 2])
            signs.add(bool(flipped))
            expected = [-t if flipped else t, 2.0]
            np.testing.assert_array_equal(
                flow, np.broadcast_to(expected, flow.shape)
            )
    assert signs == {True, False}


def test_the_seed_decides(sequences):
    def first(seed):
        dataset = clip_dataset(sequences, 2, 4, crop=(8, 16), seed=seed)
        return [clip for clip, _ in dataset.take(3).as_numpy_iterator()]

    np.testing.assert_array_equal(first(3), first(3))
    assert not np.array_equal(first(3), first(4))


def test_class_frequencies(sequences):
    frequencies = class_frequencies(sequences, 5)
    labels = next(iter(sequences))["labels"].numpy()
    expected = np.bincount(labels.ravel(), minlength=5) / labels.size
    np.testing.assert_allclose(frequencies, expected)
