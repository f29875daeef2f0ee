import keras
import numpy as np

from accel_tf.training.kept_models import SCORE, KeptModels


def test_the_last_and_the_best_model_are_kept(tmp_path):
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    keep = KeptModels(network, tmp_path)
    history = []
    scores = [None, 0.3, float("nan"), 0.5, None, 0.4, 0.5]
    for number, score in enumerate(scores):
        network.set_weights([np.full((1, 1), number), np.zeros(1)])
        history.append({} if score is None else {SCORE: score})
        keep(history)
        assert value(tmp_path / "last.keras") == number
        if number == 0:
            assert not (tmp_path / "best.keras").exists()
    # The first of two equal ones.
    assert value(tmp_path / "best.keras") == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.keras",
        "last.keras",
    ]


def value(path):
    model = keras.saving.load_model(path)
    assert not model.compiled
    return float(model.get_weights()[0][0, 0])
