"""PIDNet-S/M/L against the authors' code, and their official files."""

import keras
import pytest
from model_tools import zero_kernels
from reference import Fixture, official_tensors, reference_frames
from torch_checkpoints import write_checkpoint

import accel_tf
from accel_tf.models.pspnet import normalize_image


@pytest.mark.parametrize(
    "size",
    ["s", *(pytest.param(x, marks=pytest.mark.slow) for x in ("m", "l"))],
)
def test_equals_the_original(size, tmp_path):
    tensors = official_tensors(f"pidnet_{size}_names.tsv")
    names = set(tensors)
    prefix = "model." if size == "s" else ""
    stored = {prefix + name: value for name, value in tensors.items()}
    path = write_checkpoint(tmp_path / "pidnet.pt", stored)
    with zero_kernels():
        model = accel_tf.from_preset(f"pidnet_{size}")
    report = accel_tf.load_checkpoint(model, path)
    assert len(report.loaded) + len(report.ignored) == len(names)
    assert all(
        "num_batches_tracked" in name
        or name.removeprefix("model.").startswith(("seghead_p.", "seghead_d."))
        for name in report.ignored
    )
    fixture = Fixture(f"pidnet_{size}")
    check_logits(model, fixture)
    if size != "m":
        check_branches(model, fixture)
    fixture.check_all_seen()
    check_logits(accel_tf.fuse_for_inference(model), fixture)


def check_logits(model, fixture):
    """`eighths_` is the least multiple that the original takes.

    `odd_` is what it gives if it rounds a size at stride 8 up, not down.
    """

    for name, size in (
        ("", (128, 256)),
        ("eighths_", (104, 184)),
        ("odd_", (101, 179)),
    ):
        frame = reference_frames(*size, 1, 0)
        native, _ = model.step(frame, {}, native_stride=True)
        fixture.check(f"{name}native", native)
        if name != "eighths_":
            logits = model.logits(native, None, size)
            fixture.check(f"{name}logits", logits)


def check_branches(model, fixture):
    network = model.backbone
    layers = {
        "layer5_d": network.get_layer("layer5_boundary_0_sum").output,
        "spp": network.get_layer("spp").output,
        "dfm": network.output,
    }
    outputs = keras.Model(network.input, layers)(
        normalize_image(reference_frames(128, 256, 1, 0))
    )
    for name, output in outputs.items():
        fixture.check(name, output)
