import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import small_accel, small_deeplab
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)

from accel_tf.evaluation import evaluate
from accel_tf.training.summaries import (
    SegmentationValidation,
    Summaries,
    clip_pictures,
    draw_confusion,
)


def read_events(folder):
    """dict of tag -> list of (step, content)."""
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return {
        tag: [
            (event.step, tf.make_ndarray(event.tensor_proto))
            for event in events.Tensors(tag)
        ]
        for tag in events.Tags()["tensors"]
    }


def picture(content):
    """The first image of a summary, which starts with its width and height."""
    return tf.io.decode_png(content[2]).numpy()


@pytest.fixture
def sequences():
    random = np.random.default_rng(0)
    return [
        {
            "frames": random.integers(0, 256, (4, 48, 64, 3), dtype=np.uint8),
            "labels": random.integers(0, 5, (4, 48, 64, 1), dtype=np.uint8),
            "label_positions": np.arange(4),
        }
    ]


def linear_model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay(
        [3], [0.25, 0.125]
    )
    model.compile(keras.optimizers.SGD(schedule), loss="mse", jit_compile=False)
    return model


def test_losses_rates_and_settings_are_written(tmp_path):
    model = linear_model()
    data = np.ones((5, 2)), np.zeros((5, 1))
    losses = []

    class Losses(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            losses.append(logs["loss"])

    summaries = Summaries(tmp_path, "| steps | 5 |", every=2)
    model.fit(
        *data,
        batch_size=1,
        epochs=2,
        verbose=0,
        callbacks=[summaries, Losses()],
    )
    events = read_events(tmp_path)
    assert events["settings"][0][1].item() == b"| steps | 5 |"
    steps = [step for step, _ in events["train/loss"]]
    assert steps == [1, 3, 5, 6, 8, 10]
    values = [float(value) for _, value in events["train/loss"]]
    # Every second batch, and the end of each epoch.
    expected = [losses[i] for i in (1, 3, 4, 6, 8, 9)]
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    rates = {step: float(v) for step, v in events["train/learning_rate"]}
    assert rates[1] == 0.25 and rates[10] == 0.125


def test_the_profile_covers_the_batches_asked_for(tmp_path):
    model = linear_model()
    summaries = Summaries(tmp_path, "", profile=(1, 2))
    data = np.ones((5, 2)), np.zeros((5, 1))
    model.fit(*data, batch_size=1, epochs=2, verbose=0, callbacks=[summaries])
    assert len(list(tmp_path.glob("plugins/profile/*"))) == 1


def test_clips_without_labels_are_not_shown(sequences):
    unlabelled = {
        "frames": sequences[0]["frames"],
        "labels": sequences[0]["labels"][:0],
        "label_positions": np.arange(0),
    }
    model = small_deeplab()
    pictures = clip_pictures(model, [unlabelled, *sequences], 2)
    expected = clip_pictures(model, sequences, 2)
    np.testing.assert_array_equal(pictures["overlay"], expected["overlay"])


def test_validation_shows_what_evaluate_finds(tmp_path, sequences):
    model = small_accel()
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    summaries = Summaries(tmp_path, "")
    validation = SegmentationValidation(
        summaries, sequences, interval=2, every=2, steps=6
    )
    assert validation(model, 0, 2) == {}
    expected = evaluate(model, sequences, 2, "average")
    assert validation(model, 1, 4) == {"validation_mean_iou": expected.mean_iou}
    # The last update is always due.
    assert validation(model, 2, 6) == {"validation_mean_iou": expected.mean_iou}

    events = read_events(tmp_path)
    per_class = dict(
        zip(model.label_map.names, expected.iou_per_class, strict=True)
    )
    for name, value in per_class.items():
        shown = float(events[f"validation/iou/{name}"][0][1])
        assert shown == pytest.approx(value)
    for distance, value in expected.mean_iou_by_distance.items():
        tag = f"validation/iou_by_distance/{distance}"
        assert float(events[tag][0][1]) == pytest.approx(value)
    assert len(events["validation/mean_iou"]) == 2
    overlay = picture(events["overlay"][0][1])
    assert overlay.shape[1] >= 3 * 64 and overlay.shape[0] > 48
    np.testing.assert_array_equal(
        picture(events["flow"][0][1])[:48], sequences[0]["frames"][1]
    )
    assert picture(events["confusion"][0][1]).std() > 5


def test_a_model_without_flow_has_no_flow_picture(sequences):
    pictures = clip_pictures(small_deeplab(), sequences, interval=3)
    assert set(pictures) == {"overlay"}


def test_the_confusion_matrix_is_drawn_row_by_row():
    empty = draw_confusion(np.eye(3), ["a", "b", "c"])
    mixed = draw_confusion(np.array([[1, 1], [0, 9]]), ["a", "b"])
    assert empty.dtype == np.uint8 and empty.shape[-1] == 3
    blue = (empty[..., 2].astype(int) - empty[..., 0]) > 60
    # One cell of three in each row is full.
    assert 0.05 < blue.mean() < 0.4
    assert mixed.shape[0] < empty.shape[0]
