import numpy as np
from small_models import small_accel, small_deeplab

from accel_tf.evaluation import evaluate_stream, measure_steps
from accel_tf.metrics import confusion_matrix
from accel_tf.streaming import FixedInterval, VideoStream


def sequences(count=2, length=5):
    rng = np.random.default_rng(0)
    return [
        {
            "frames": rng.integers(0, 256, (length, 32, 48, 3), dtype=np.uint8),
            "labels": rng.integers(0, 5, (2, 32, 48, 1), dtype=np.uint8),
            "label_positions": np.array([1, 4]),
        }
        for _ in range(count)
    ]


def test_evaluate_stream_counts_labelled_frames_only():
    model, data = small_accel(), sequences()
    expected = np.zeros((5, 5), "int64")
    for sequence in data:
        stream = VideoStream(model, FixedInterval(3))
        for index, frame in enumerate(sequence["frames"]):
            predicted = stream(frame[None])[0]
            if index in (1, 4):
                position = [1, 4].index(index)
                truth = sequence["labels"][position, ..., 0]
                expected += confusion_matrix(truth, predicted, 5)
    actual = evaluate_stream(model, data, 3)
    np.testing.assert_array_equal(actual, expected)
    assert actual.sum() == 2 * 2 * 32 * 48


def test_measure_steps_tells_key_frames_apart():
    models = {"accel": small_accel(), "deeplab": small_deeplab()}
    times = measure_steps(models, 32, 48, rounds=2)
    assert times["accel"]["key"] > 0 and times["accel"]["non_key"] > 0
    assert times["deeplab"]["key"] == times["deeplab"]["non_key"] > 0
