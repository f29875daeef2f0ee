"""What is said of a model against what its file knows."""

import pytest
from small_models import small_deeplab

from accel_tf import commands
from accel_tf.checkpoints import load_checkpoint
from accel_tf.models.keras_files import save_model
from accel_tf.models.restore import restore_model


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Of a model of five classes."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    save_model(small_deeplab(name="small"), path)
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
