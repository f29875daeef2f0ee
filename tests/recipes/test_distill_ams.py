"""The parts of the recipe that measures learning on the go."""

import cv2
import numpy as np
import pytest
from small_models import small_deeplab

from accel_tf.data.label_maps import STREETS
from accel_tf.distill import ParameterSpace
from accel_tf.distill.classroom import Classroom, TeachingSettings
from accel_tf.distill.teachers import FunctionTeacher
from accel_tf.recipes import distill_ams
from accel_tf.recipes.common.drive_pictures import draw_drive, plot_drive
from accel_tf.recipes.common.drive_rows import merge_rows
from accel_tf.recipes.common.drive_scores import DriveScorer
from accel_tf.recipes.common.drives import Drive, drawn_drive
from accel_tf.recipes.common.first_student import (
    measure_statistics,
    train_first,
)
from accel_tf.recipes.common.simulated_stream import (
    SimulatedLink,
    SimulatedStream,
)

HEIGHT = 32


@pytest.fixture(scope="module")
def drive():
    return drawn_drive(HEIGHT, seconds=20.0, frame_rate=2.0)


@pytest.fixture(scope="module")
def model():
    return small_deeplab(num_classes=len(STREETS))


def test_a_drive_changes_its_scene(drive):
    assert drive.frames.shape == (40, HEIGHT, 2 * HEIGHT, 3)
    assert len(drive.scenes) == 5
    brightness = drive.frames.mean((1, 2, 3))
    assert brightness[8:16].mean() < 0.8 * brightness[:8].mean()
    assert set(drive.classes) <= set(range(len(STREETS)))


def test_statistics_are_measured_and_outputs_stay(drive, model):
    frames = drive.frames[:4]
    before = np.array(model.step(frames, {})[0])
    space = ParameterSpace(model)
    weights = space.read()
    measure_statistics(model, frames)
    after = np.array(model.step(frames, {})[0])
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-4)
    changed = space.read() != weights
    assert changed[space.trainable_size :].mean() > 0.9
    space.write(weights)


def test_a_stream_teaches_and_both_sides_stay_in_step(drive, model):
    space = ParameterSpace(model)
    settings = TeachingSettings(
        height=HEIGHT,
        update_period=4.0,
        rate=1.0,
        iterations=4,
        batch_size=2,
        class_indices=tuple(map(int, drive.classes)),
    )
    teacher = FunctionTeacher(lambda _, i: drive.labels[i], STREETS.names)
    classroom, scores = Classroom(model, teacher, settings), {}
    for link in (SimulatedLink(), SimulatedLink(kbps_down=5.0, delay=1.0)):
        scorer = DriveScorer(model, space, drive)
        log = SimulatedStream(
            drive, scorer, classroom, link, phase_seconds=0.5
        ).run()
        assert log.is_in_step
        assert log.updates and log.bytes_up > 1000
        assert log.bytes_down > sum(
            sum(update["bytes"].values()) for update in log.updates
        )
        delays = [update["applied"] - update["sent"] for update in log.updates]
        scores[link.kbps_down] = len(log.updates), max(delays)
        assert 0 < scorer.mean_iou() < 1
    # A slow link gets fewer updates, later.
    assert scores[5.0][0] < scores[2000.0][0]
    assert scores[5.0][1] > scores[2000.0][1] + 1


def test_one_time_has_as_many_iterations_as_the_others_by_then():
    all_ways = distill_ams.ways(
        TeachingSettings(iterations=20, update_period=10.0)
    )
    assert all_ways["one-time"].iterations == 120
    assert all_ways["no adaptation"] is None
    assert all_ways["full model"].strategy == "full"


def test_only_classes_of_the_drive_and_labelled_pixels_count(model):
    space = ParameterSpace(model)
    frames = np.zeros((3, HEIGHT, 2 * HEIGHT, 3), np.uint8)
    labels = np.full(frames.shape[:3], 255, np.uint8)
    labels[:, :8], labels[:, 8:16], labels[0, 20, 0] = 0, 2, 5
    drive = Drive("d", frames, labels, np.arange(3.0), STREETS)
    assert list(drive.classes) == [0, 2, 5]
    scorer = DriveScorer(model, space, drive)
    scorer.use(space.read())
    for index in range(3):
        scorer.add(index)
    assert 0 <= scorer.pixel_accuracy() <= 1
    assert len(scorer.over_time()) == 3
    assert np.isfinite(scorer.windowed(since=1.0))


def test_the_first_weights_learn(drive, model):
    space = ParameterSpace(model)
    before = space.read()
    losses = [
        train_first(model, drive.frames, drive.labels, 25, 2, seed=seed)
        for seed in (0, 1)
    ]
    assert losses[1] < losses[0]
    space.write(before)


def test_pictures_show_the_ways(drive, tmp_path):
    wrong = {0: np.zeros_like(drive.labels[0]), 39: drive.labels[39]}
    seen = {"no adaptation": wrong, "AMS, 5%": wrong, "random, 5%": wrong}
    draw_drive(drive, seen, tmp_path / "overlay.png")
    picture = cv2.imread(str(tmp_path / "overlay.png"))
    # Frame, teacher and two ways; two frames and a legend.
    assert picture.shape[1] == 4 * 2 * HEIGHT
    assert picture.shape[0] > 2 * HEIGHT
    rows = [{"way": way, "kbps_down": 10.0, "mean_iou": 0.5} for way in seen]
    curves = {way: np.linspace(0, 1, 40) for way in seen}
    plot_drive(drive, rows, curves, tmp_path / "plot.png")
    assert cv2.imread(str(tmp_path / "plot.png")).std() > 5


def test_new_rows_take_the_place_of_old_ones():
    old = [
        {"drive": "a", "way": "x", "mean_iou": 0.1},
        {"drive": "a", "way": "y", "mean_iou": 0.2},
        {"drive": "b", "way": "x", "mean_iou": 0.3},
    ]
    new = [
        {"drive": "a", "way": "x", "mean_iou": 0.4},
        {"drive": "a", "way": "x", "teacher": "live", "mean_iou": 0.5},
    ]
    merged = merge_rows(old, new)
    assert [row["drive"] for row in merged] == ["a", "a", "a", "b"]
    assert [row["mean_iou"] for row in merged] == [0.4, 0.2, 0.5, 0.3]


def test_a_drawn_drive_takes_no_teacher(tmp_path):
    with pytest.raises(ValueError, match="exact labels and no --teacher"):
        distill_ams.main(["--teacher", "a.tflite", "--json", str(tmp_path)])
