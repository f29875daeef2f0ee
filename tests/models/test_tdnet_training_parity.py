"""What TDNet's training adds, against the authors' code.

Teachers, heads and losses in evaluation mode, with the stride of 3 that the
official training has. A tolerance is ten times what the authors' own code
differs by between float32 and float64.
"""

import numpy as np
import pytest
from reference import Fixture, reference_frames, reference_weight

import accel_tf
from accel_tf.models.pspnet.pspnet_presets import dilated_resnet_101
from accel_tf.models.tdnet import GroupedPSPNet
from accel_tf.models.tdnet.tdnet_training import TDNetTraining
from accel_tf.training import OhemCrossEntropy


def load_reference_weights(model):
    """Gives a model the weights of the official names it claims to have."""
    for entry in model.checkpoint_entries():
        value = reference_weight(entry.names[0], entry.shape)
        assign = entry.assign or entry.variable.assign
        assign(entry.convert(value))
    reference_weight.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, size, paths",
    [
        ("td4_psp18", (128, 256), 4),
        ("td2_psp50", (96, 192), 2),
        ("td2_fa18", (128, 256), 2),
    ],
)
def test_losses_and_their_parts(name, size, paths):
    norm_size = (size[0] // 8, size[1] // 8)
    segmenter = accel_tf.from_preset(name, stride=3, norm_size=norm_size)
    teacher = GroupedPSPNet(dilated_resnet_101(name="backbone"), 19, paths)
    model = TDNetTraining(segmenter, teacher)
    for each in (model, teacher):
        load_reference_weights(each)

    fixture = Fixture(f"tdnet_{name}_training")
    clip = reference_frames(*size, paths, 0)[None]
    full, groups = teacher(clip[:, -1])
    fixture.check("teacher_full", full)
    for group in range(paths):
        fixture.check(f"teacher_group_{group + 1}", groups[:, group])

    labels = fixture.stored["labels"]
    assert (labels == 250).any()
    loss = OhemCrossEntropy(0.7, 1 / 16, ignore=250)
    model.compile("sgd", **model.objectives(loss))
    for position in range(paths):
        outputs = model((clip, np.int32(position)))
        fixture.check(f"logits_position{position}", outputs["full"])
        if position == 0:
            fixture.check("sub_logits_position0", outputs["sub"])
            if "aux" in outputs:
                fixture.check("aux_logits_position0", outputs["aux"])

        targets = model.targets(labels)
        total = model.compute_loss(y=targets, y_pred=outputs, training=False)
        values = {"loss": float(total)}
        values["loss_kd"] = float(outputs.pop("distillation")[0])
        for output, logits in outputs.items():
            values[f"loss_ohem_{output}"] = float(loss(labels, logits))
        for kind, value in values.items():
            tensor = f"{kind}_position{position}"
            error = abs(value - float(fixture.stored[tensor]))
            assert error <= fixture.tolerances[tensor], (tensor, error)
            fixture.checked.add(tensor)
    fixture.check_all_seen()
