"""Learning to carry a model's labels through unlabelled videos."""

import keras
import numpy as np
import pytest
from recipe_scripts import load_script
from small_models import lively

import accel_tf
from accel_tf.data.label_maps import STREETS
from accel_tf.models.keras_files import load_keras_model
from accel_tf.models.propagation import Propagated, make_flow
from accel_tf.recipes.common.held_back import parts_of
from accel_tf.video import VideoWriter

SETTINGS = [
    *("--set", "update.steps=2", "--set", "update.steps_per_epoch=2"),
    *(
        "--set",
        "update.augmentation.crop=48,64",
        "--set",
        "update.batch_size=2",
    ),
    *("--set", "fusion.steps=2", "--set", "fusion.steps_per_epoch=2"),
    *(
        "--set",
        "fusion.augmentation.crop=48,64",
        "--set",
        "fusion.batch_size=2",
    ),
    *("--set", "fusion.length=2", "--set", "fusion.validation_limit=1"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for name in ("first", "second"):
        with VideoWriter(folder / f"{name}.mp4", 48, 64, 10.0) as writer:
            for index in range(12):
                writer.write(np.roll(noise, index, axis=1))
    image = keras.Input((None, None, 3))
    scores = keras.layers.Conv2D(len(STREETS), 8, 8)(image)
    network = lively(keras.Model(image, scores))
    reference = accel_tf.per_frame(
        network, mean=127.5, scale=1 / 60, label_map=STREETS, name="mine"
    )
    reference.save(folder / "mine.keras")
    return folder


def arguments(files, out, *more):
    videos = [str(files / f"{name}.mp4") for name in ("first", "second")]
    return [
        *("--reference", str(files / "mine.keras"), "--videos", *videos),
        *("--out", str(out), "--every", "3", "--flow", "dis:fast:2"),
        *SETTINGS,
        *more,
    ]


@pytest.mark.slow
def test_one_file_comes_out_and_only_the_fusion_has_learnt(
    files, tmp_path, capsys
):
    script = load_script("distill_update")
    script.main(arguments(files, tmp_path / "out"))
    model = load_keras_model(
        tmp_path / "out" / "fusion" / "propagated.keras", Propagated
    )
    assert (tmp_path / "out" / "propagated.keras").exists()
    said = capsys.readouterr().out
    assert "with the update branch: " in said and "carried by dis: " in said
    reference = load_keras_model(files / "mine.keras")
    assert model.label_map == STREETS
    for one, other in zip(
        model.segmenter.get_weights(), reference.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    start = Propagated(reference, model.flow_network, model.update)
    before, after = start.fusion.get_weights(), model.fusion.get_weights()
    assert not np.array_equal(before[0], after[0])
    labels = sorted((tmp_path / "out").glob("frames_and_labels/*/*/labels/*"))
    # Of twelve frames one is for validation, and every third is labelled.
    assert len(labels) == 2 * (4 + 1)


def test_mistakes_come_before_the_work(files, tmp_path):
    script = load_script("distill_update")
    for more, words in (
        (["--set", "steps=3"], "a stage of flow, update, fusion"),
        (["--every", "0"], "--every must be 1 or more"),
        (["--every", "20"], "12 frames: too few"),
    ):
        with pytest.raises(ValueError, match=words):
            script.main(arguments(files, tmp_path / "out", *more))


@pytest.mark.parametrize("videos, kept", [(5, {4}), (20, {18, 19})])
def test_of_many_videos_whole_ones_are_held_back(videos, kept):
    for index in range(videos):
        split = "validation" if index in kept else "train"
        assert parts_of(index, videos, 30, 0.1) == {split: (0, 30)}
    parts = {"train": (0, 27), "validation": (27, 30)}
    assert parts_of(0, 4, 30, 0.1) == parts


def test_an_update_branch_that_makes_it_worse_is_left_out(files, capsys):
    script = load_script("distill_update")
    reference = load_keras_model(files / "mine.keras")
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    frames = [np.roll(noise, shift, axis=1) for shift in range(6)]
    stream = accel_tf.VideoStream(reference)
    labels = [stream(frame[None])[0][..., None] for frame in frames]
    clip = {
        "frames": frames,
        "labels": labels,
        "label_positions": np.arange(6),
    }
    update = load_keras_model(files / "mine.keras")
    update.set_weights([-each for each in update.get_weights()])
    flow = make_flow("dis")
    without = Propagated(reference, flow)
    wrong, right = (Propagated(reference, flow, x) for x in (update, reference))
    for model in (wrong, right):
        # What the update branch says, and nothing else.
        kernel = np.zeros(model.fusion.kernel.shape, "float32")
        classes = model.num_classes
        kernel[0, 0, 2 * classes : 3 * classes] = np.eye(classes)
        kernel[0, 0, 3 * classes :] = np.eye(classes)
        model.fusion.kernel.assign(kernel)
    assert script._better(without, wrong, [clip]) is without
    assert "makes it worse" in capsys.readouterr().out
    assert script._better(without, right, [clip]) is right
