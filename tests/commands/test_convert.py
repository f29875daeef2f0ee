import keras
import numpy as np

import accel_tf
from accel_tf import commands
from accel_tf.checkpoints.mxnet import read_params, write_params


def test_convert(tmp_path, capsys):
    model = accel_tf.from_preset("accel_tiny", 8)
    rng = np.random.default_rng(0)
    tensors = {
        entry.names[0]: rng.random(entry.shape, dtype="float32")
        if entry.constant is None
        else np.array(entry.constant)
        for entry in model.checkpoint_entries()
    }
    write_params(tmp_path / "a.params", tensors)
    output = tmp_path / "a.weights.h5"
    argv = ["convert", "--model", "accel_tiny", "--num-classes", str(8)]
    argv += [str(tmp_path / "a.params"), "--output", str(output)]
    assert commands.main(argv) == 0
    assert f"{len(tensors)} tensors loaded" in capsys.readouterr().out
    model.load_weights(output)
    stored = read_params(tmp_path / "a.params")["corr_weight"]
    kernel = keras.ops.convert_to_numpy(model.fusion.kernel)
    np.testing.assert_array_equal(kernel, stored.transpose(2, 3, 1, 0))

    argv[-1] = str(tmp_path / "a.h5")
    assert commands.main(argv) == 2
    assert "must end in .weights.h5" in capsys.readouterr().err
