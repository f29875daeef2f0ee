"""Labels of a folder as a model; classes of another data set."""

import json

import numpy as np
import pytest

import accel_tf
from accel_tf.data.label_maps import CAMVID_11, CITYSCAPES
from accel_tf.evaluation import class_mapping, evaluate
from accel_tf.evaluation.stored_labels import stored_labels
from accel_tf.video import LabelWriter


def _frames(count, height=32, width=48):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def _write(folder, images):
    cv2 = accel_tf.optional.cv2()
    folder.mkdir()
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"frame_{index:03d}.png"), image)


def _sequence(frames, labels):
    return {
        "frames": frames,
        "labels": labels[..., None],
        "label_positions": range(len(frames)),
    }


class _CamVid(list):
    class_names = CAMVID_11.names


def test_labels_of_a_folder_are_scored_in_the_classes_of_the_data(tmp_path):
    frames = _frames(3)
    images = np.zeros((3, 32, 48), np.uint8)  # road
    images[:, :, 24:] = CITYSCAPES.names.index("wall")
    truth = np.full((3, 32, 48), CAMVID_11.names.index("road"), np.uint8)
    truth[:, :, 24:] = CAMVID_11.names.index("building")
    _write(tmp_path / "labels", images)
    data = _CamVid([_sequence(frames, truth)])
    model = stored_labels(tmp_path / "labels", data)
    evaluation = evaluate(model, data, 1, "stream")
    assert evaluation.pixel_accuracy == evaluation.mean_iou == 1
    truth[:, :16, :24] = CAMVID_11.names.index("sky")
    evaluation = evaluate(model, data, 1, "stream")
    assert evaluation.pixel_accuracy == 0.75


def test_any_order_and_propagation(tmp_path):
    frames = _frames(4)
    frames[1:] = frames[0]
    frames[3] //= 2
    images = np.repeat(np.arange(4, dtype=np.uint8), 32 * 48)
    images = images.reshape(4, 32, 48)
    images[:3] = 5
    _write(tmp_path / "labels", images)
    data = [_sequence(frames, images)]
    model = stored_labels(tmp_path / "labels", data)
    assert evaluate(model, data, 1, "every").pixel_accuracy == 1
    carried = accel_tf.propagate(model, "dis")
    result = evaluate(carried, data, 4, "stream")
    # The last frame is darker, and has the label of the key frame all the
    # same.
    assert result.pixel_accuracy == 0.75


def test_pixels_of_no_class_take_that_of_the_nearest(tmp_path):
    image = np.full((1, 32, 48), 255, np.uint8)
    image[:, :, :8], image[:, :, 40:] = 3, 7
    _write(tmp_path / "labels", image)
    model = stored_labels(tmp_path / "labels", [{"frames": _frames(1)}])
    labels = accel_tf.VideoStream(model)(_frames(1))[0]
    assert (labels[:, :23] == 3).all() and (labels[:, 25:] == 7).all()


@pytest.mark.parametrize("label_map", [CITYSCAPES, CAMVID_11])
def test_what_segment_writes_is_read(tmp_path, label_map):
    labels = np.arange(32 * 48, dtype=np.uint8).reshape(32, 48)
    labels %= len(label_map)
    with LabelWriter(tmp_path / "labels", label_map) as writer:
        writer.write(labels)
    model = stored_labels(tmp_path / "labels", [{"frames": _frames(1)}])
    assert model.label_map == label_map
    np.testing.assert_array_equal(
        accel_tf.VideoStream(model)(_frames(1))[0], labels
    )


def test_folders_that_do_not_fit(tmp_path):
    frames = {"frames": _frames(2)}
    with pytest.raises(FileNotFoundError, match="no folder of PNG label"):
        stored_labels(tmp_path / "none", [frames])
    _write(tmp_path / "few", np.zeros((1, 32, 48), np.uint8))
    with pytest.raises(ValueError, match="1 label images, the data 2 frames"):
        stored_labels(tmp_path / "few", [frames])
    _write(tmp_path / "small", np.zeros((2, 16, 48), np.uint8))
    with pytest.raises(ValueError, match="16x48 pixels, its frame 32x48"):
        stored_labels(tmp_path / "small", [frames])
    _write(tmp_path / "high", np.full((2, 32, 48), 33, np.uint8))
    with pytest.raises(ValueError, match="the value 33, which is no class"):
        stored_labels(tmp_path / "high", [frames])
    _write(tmp_path / "none", np.full((2, 32, 48), 255, np.uint8))
    with pytest.raises(ValueError, match="has no pixel of a class"):
        stored_labels(tmp_path / "none", [frames])
    (tmp_path / "few" / "classes.json").write_text(json.dumps([1, 2]))
    with pytest.raises(ValueError, match="must hold an object"):
        stored_labels(tmp_path / "few", [{"frames": _frames(1)}])
    _write(tmp_path / "good", np.zeros((2, 32, 48), np.uint8))
    model = stored_labels(tmp_path / "good", [frames])
    with pytest.raises(ValueError, match="a frame that is not of the data"):
        accel_tf.VideoStream(model)(_frames(1) // 3)


def test_every_class_of_cityscapes_has_one_in_camvid():
    model = accel_tf.per_frame(
        lambda image: np.zeros(image.shape[:3], int), label_map=CITYSCAPES
    )
    table = class_mapping(model, CAMVID_11.names)
    assert set(table[:19]) == set(range(11)) and set(table[19:]) == {255}
