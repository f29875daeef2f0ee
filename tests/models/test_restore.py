"""What is said of a model against what its file knows."""

import keras
import numpy as np
import pytest
from small_models import small_deeplab

import accel_tf
from accel_tf import commands
from accel_tf.checkpoints import load_checkpoint
from accel_tf.data.label_maps import LabelMap
from accel_tf.models.deeplab import DeepLab
from accel_tf.models.keras_files import save_model
from accel_tf.models.restore import restore_model

KNOWN = {
    "name": "small",
    "label_map": LabelMap(tuple("abcde"), tuple((n, 0, n) for n in range(5))),
    "trained_size": (48, 64),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Of a model of five classes."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    save_model(small_deeplab(**KNOWN), path)
    return path


def test_the_file_says_how_many_classes(file):
    assert restore_model(None, [file])[0].num_classes == 5
    assert restore_model(str(file), num_classes=5)[0].num_classes == 5


def test_another_number_of_classes_is_refused(file):
    with pytest.raises(ValueError, match="small has 5 classes, not 7; leave"):
        restore_model(None, [file], 7)
    with pytest.raises(ValueError, match="small has 5 classes, not 19; leave"):
        restore_model(str(file), num_classes=19)


def test_convert_knows_what_a_keras_file_knows(file, tmp_path, capsys):
    output = tmp_path / "out.weights.h5"
    argv = ["convert", str(file), "--output", str(output)]
    assert commands.main(argv) == 0
    assert "tensors loaded from 1 file" in capsys.readouterr().out
    load_checkpoint(small_deeplab(), output)
    for more, expected in (
        (["--model", "deeplab_18"], "holds small, not deeplab_18"),
        (["--num-classes", "7"], "small has 5 classes, not 7"),
    ):
        assert commands.main([*argv, *more]) == 2
        assert expected in capsys.readouterr().err
    assert commands.main(["convert", str(output), "--output", str(output)]) == 2
    assert "give --model NAME too" in capsys.readouterr().err


# === accel_tf.load_model ===


def test_a_model_comes_back_with_all_that_it_knows(file):
    model = accel_tf.load_model(file, num_classes=5)
    assert type(model) is DeepLab
    assert {name: getattr(model, name) for name in KNOWN} == KNOWN


def test_any_keras_model_is_loaded_as_a_segmenter(tmp_path):
    convolution = keras.layers.Conv2D(4, 3, padding="same")
    network = keras.Sequential([keras.Input((None, None, 3)), convolution])
    network.save(tmp_path / "of_others.keras")
    model = accel_tf.load_model(str(tmp_path / "of_others.keras"))
    assert isinstance(model, accel_tf.VideoSegmenter)
    assert (model.name, model.num_classes) == ("of_others", 4)


def test_weights_of_a_preset(tmp_path):
    model = accel_tf.from_preset("deeplab_tiny_light", num_classes=3)
    path = tmp_path / "it.weights.h5"
    model.save_weights(path)
    loaded = accel_tf.load_model(path, "deeplab_tiny_light", 3)
    for one, other in zip(
        loaded.get_weights(), model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="weights.h5 holds weights, .* preset"):
        accel_tf.load_model(path)


@pytest.mark.parametrize(
    "arguments, kind, message",
    [
        (("none.keras",), OSError, "no model file none.keras"),
        ((["a.params", "b.params"], "accel_18"), OSError, "no model file a.p"),
        (([],), ValueError, "no path to load a model from"),
    ],
)
def test_nothing_to_load(arguments, kind, message):
    with pytest.raises(kind, match=message):
        accel_tf.load_model(*arguments)


def test_what_is_said_of_a_file_must_be_so(file):
    with pytest.raises(ValueError, match="holds small, not deeplab_18"):
        accel_tf.load_model(file, "deeplab_18")
    with pytest.raises(ValueError, match="small has 5 classes, not 7; leave"):
        accel_tf.load_model(file, num_classes=7)
