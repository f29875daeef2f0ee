import pytest
from clip_models import tiny_classifier

from accel_tf.training.patterns import matches
from accel_tf.training.weight_decay import decayed_patterns


def decayed(model, groups):
    patterns = decayed_patterns(groups, model)
    return {
        variable.path
        for variable in model.trainable_variables
        if any(matches(variable.path, pattern) for pattern in patterns)
    }


def official_without_bn(model):
    """What the original's rule leaves to weight decay."""
    trained = {id(variable) for variable in model.trainable_variables}
    return {
        entry.variable.path
        for entry in model.checkpoint_entries()
        if id(entry.variable) in trained and "bn" not in entry.names[0]
    }


# Of VoV3D the first and the last of each unit: two variables each, in eight
# units here, in the 40 of VoV3D-M (160 tensors) and the 55 of VoV3D-L (220).
@pytest.mark.parametrize(("system", "trapped"), [("vov3d", 32), ("x3d", 0)])
def test_published_groups_are_those_of_the_names(system, trapped):
    model = tiny_classifier(system=system)
    published = decayed(model, ("published",))
    assert published == official_without_bn(model)
    intended = decayed(model, ("intended",))
    assert len(published - intended) == trapped
    assert all(
        path.endswith(("kernel", "bias")) and "_bn/" not in path
        for path in intended
    )
    assert any(path.endswith("squeeze_bias") for path in intended)
    others = [
        variable.path
        for variable in model.trainable_variables
        if variable.path not in intended
    ]
    assert all(path.endswith(("/gamma", "/beta")) for path in others)


def test_patterns_of_ones_own_are_left_as_they_are():
    model = tiny_classifier()
    assert decayed_patterns(("head/*",), model) == ("head/*",)
