"""PSPNet-18/101 against the authors' code, tensor by tensor."""

import keras
import pytest
from model_tools import zero_kernels
from reference import Fixture, reference_frames
from torch_checkpoints import tdnet_tensors, write_checkpoint

import accel_tf
from accel_tf.models.pspnet import normalize_image

SIZE = (128, 256)


@pytest.mark.parametrize(
    "depth", [18, pytest.param(101, marks=pytest.mark.slow)]
)
def test_equals_the_original(depth, tmp_path):
    tensors = tdnet_tensors(f"pspnet{depth}")
    if depth == 18:  # its published file was trained on several devices
        tensors = {f"module.{name}": x for name, x in tensors.items()}
    path = write_checkpoint(tmp_path / f"psp{depth}.pkl", tensors)
    with zero_kernels():
        model = accel_tf.from_preset(f"psp_{depth}")
    report = accel_tf.load_checkpoint(model, path)
    assert all(
        "num_batches_tracked" in name or name.startswith("pretrained.fc.")
        for name in report.ignored
    )
    assert len(report.loaded) + len(report.ignored) == len(tensors)

    fixture = Fixture(f"tdnet_pspnet{depth}")
    frame = reference_frames(*SIZE, 1, 0)
    logits, _ = model.step(frame, {})
    fixture.check("logits_0", logits)
    native, _ = model.step(frame, {}, native_stride=True)
    fixture.check("head_first", native)
    stages = keras.Model(
        model.backbone.inputs,
        [model.backbone.stage_output(stage) for stage in (1, 3, 4)],
    )
    outputs = stages(normalize_image(frame))
    for stage, output in zip((1, 3, 4), outputs, strict=True):
        fixture.check(f"pretrained_layer{stage}_first", output)
    fixture.check("head_conv5_0_first", model.pyramid(outputs[-1]))
    fixture.check_all_seen()
