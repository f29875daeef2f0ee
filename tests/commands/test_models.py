import json

import accel_tf
from accel_tf import commands


def test_models_prints_a_table(monkeypatch, tmp_path, capsys):
    from accel_tf.models import summary

    monkeypatch.setattr(summary, "list_presets", lambda: ["accel_tiny"])
    path = tmp_path / "models.json"
    assert (
        commands.main(["models", "--size", "64x128", "--json", str(path)]) == 0
    )
    assert "| accel_tiny | Accel's structure" in capsys.readouterr().out
    (row,) = json.loads(path.read_text())
    model = accel_tf.from_preset("accel_tiny")
    assert row["parameters"] == model.count_params()
    assert row["key_multiply_adds"] == model.multiply_adds(64, 128)["key"]
