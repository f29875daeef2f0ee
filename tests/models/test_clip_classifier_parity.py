"""VoV3D and X3D against the authors' code."""

import numpy as np
import pytest
from backend import to_numpy
from model_tools import zero_kernels
from reference import Fixture, official_tensors, reference_frames
from torch_checkpoints import write_checkpoint

import accel_tf


@pytest.mark.parametrize(
    "name",
    [
        "vov3d_m",
        "x3d_m",
        *(
            pytest.param(x, marks=pytest.mark.slow)
            for x in ("vov3d_l", "x3d_l")
        ),
    ],
)
def test_equals_the_original(name, tmp_path):
    tensors = official_tensors(f"{name}_names.tsv")
    path = write_checkpoint(tmp_path / "k400.pth", tensors)
    with zero_kernels():
        model = accel_tf.from_preset(name, num_classes=174, crop_size=112)
    report = accel_tf.load_checkpoint(model, path)
    assert len(report.loaded) + len(report.ignored) == len(tensors)
    assert all("num_batches_tracked" in each for each in report.ignored)

    fixture = Fixture(name)
    clip = reference_frames(112, 112, 16, 0)[None]
    for index, stage in enumerate(model.stage_outputs(clip)):
        fixture.check(f"stage_{index + 1}", stage)
    logits = to_numpy(model.logits_by_position(clip))
    error = np.abs(logits - fixture.stored["logits_thwc"][:, 0]).max()
    assert error <= fixture.tolerances["logits_thwc"]
    fixture.checked.add("logits_thwc")
    # The mean over positions is the same code in both forms.
    fused = accel_tf.fuse_for_inference(model)
    fixture.check("probabilities", fused.probabilities(clip))
    fixture.check_all_seen()


@pytest.mark.parametrize(
    "name, millions, giga, giga_256",
    [
        ("vov3d_m", 3.667, 4.92, 6.43),
        ("x3d_m", 3.794, 4.73, 6.19),
        pytest.param("vov3d_l", 6.297, 9.31, 12.16, marks=pytest.mark.slow),
        pytest.param("x3d_l", 6.153, 9.16, 11.97, marks=pytest.mark.slow),
        pytest.param("vov3d_m_v1", 3.800, 4.42, 5.78, marks=pytest.mark.slow),
    ],
)
def test_size_and_cost(name, millions, giga, giga_256):
    with zero_kernels():
        model = accel_tf.from_preset(name)
    weights = sum(np.prod(each.shape) for each in model.trainable_variables)
    assert weights / 1e6 == pytest.approx(millions, abs=6e-4)
    assert model.multiply_adds(224, 224) / 1e9 == pytest.approx(giga, abs=6e-3)
    assert model.multiply_adds(256, 256) / 1e9 == pytest.approx(
        giga_256, abs=6e-3
    )
