import json

import pytest

from accel_tf.training.configs import FlowConfig
from accel_tf.training.session import TrainingSession
from accel_tf.training.settings import as_dict


@pytest.fixture
def check(tmp_path):
    """Checks the folder of a run of 4 steps for one with other settings."""
    settings = {
        "data": "none",
        "out": str(tmp_path),
        "model": "small",
        "batch_size": 1,
        "learning_rate": 0.1,
        "steps": 4,
        "steps_per_epoch": 2,
    }

    def check(stored=(), **changes):
        stored = FlowConfig(**{**settings, **dict(stored)})
        (tmp_path / "config.json").write_text(json.dumps(as_dict(stored)))
        session = object.__new__(TrainingSession)
        session.config = FlowConfig(**{**settings, **changes})
        session.out, session.index = tmp_path, 0
        session.check_folder()

    return check


def test_a_run_goes_on_with_the_same_settings_or_more_steps(check):
    check()
    check(steps=5)
    check(steps=8, data_dir="elsewhere")
    check(steps=8, steps_per_epoch=4)


def test_a_run_with_other_settings_is_refused(check):
    with pytest.raises(ValueError, match="steps: 4, not 3.*choose another out"):
        check(steps=3)
    with pytest.raises(ValueError, match="steps_per_epoch: 2, not 4"):
        check(steps_per_epoch=4)
    with pytest.raises(ValueError, match="batch_size: 1, not 2"):
        check(steps=8, batch_size=2)


def test_more_steps_say_what_the_learning_rate_does(check, capsys):
    check(steps=8)
    text = "goes on to 8 steps instead of 4. The learning rate goes on from 0.1"
    assert text in capsys.readouterr().out
    check({"schedule": "cosine"}, schedule="cosine", steps=8)
    assert capsys.readouterr().out.endswith(
        "The schedule 'cosine' is now that of 8 steps: from step 4 on the "
        "learning rate starts again at 0.05, where it had come down to 0.\n"
    )
    check()
    assert not capsys.readouterr().out
