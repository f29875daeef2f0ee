"""TD4-PSP18, TD2-PSP50 and TD2-FA18 against the authors' code.

The files that are written have the official names and formats; scale and
offset of the normalisation have the size of the clips' feature maps, not
the published one, and the models adapt to that.
"""

import contextlib

import numpy as np
import pytest
from backend import to_numpy
from model_tools import zero_kernels
from reference import Fixture, reference_frames
from torch_checkpoints import tdnet_tensors, write_checkpoint

import accel_tf

SIZE = (128, 256)
INTERNALS = {
    "td4_psp18": {
        "atn4_1_first": "attention_4_1",
        "atn4_2_first": "attention_4_2",
        "atn4_3_first": "attention_4_3",
        "layer_norm4_last": "norm_4",
        **{f"head{n}_last": f"head_{n}" for n in (1, 2, 3, 4)},
    },
    "td2_psp50": {
        "atn2_first": "attention_2_1",
        "layer_norm2_last": "norm_2",
        "head1_last": "head_1",
        "head2_last": "head_2",
    },
}
ENCODINGS = {
    "pretrained1_first": "backbone_1",
    "psp1_first": "pyramid_1",
    "psp2_first": "pyramid_2",
    "enc1_w_qs_first": "query_1",
    "enc1_w_ks_first": "key_1",
    "enc1_w_vs_first": "value_1",
}


@contextlib.contextmanager
def record_outputs(model):
    """Gives a dict that gets, by name, a list of what each part returns."""
    outputs = {}

    def recorded(layer, call):
        def record(*args, **kwargs):
            result = call(*args, **kwargs)
            outputs.setdefault(layer.name, []).append(result)
            return result

        return record

    with pytest.MonkeyPatch.context() as patch:
        for path in model.paths:
            for layer in path.layers:
                patch.setattr(layer, "call", recorded(layer, layer.call))
        yield outputs


def pixels_in_a_row(maps):
    """`[B, h, w, C]` as the authors have it, `[B, h * w, C]`, for `check`."""
    x = to_numpy(maps)
    return np.moveaxis(x.reshape(len(x), -1, x.shape[-1]), 1, -1)


@pytest.mark.parametrize(
    "name", ["td4_psp18", pytest.param("td2_psp50", marks=pytest.mark.slow)]
)
def test_streaming(name, tmp_path):
    size = (16, 32)
    path = tmp_path / f"{name}.pkl"
    write_checkpoint(path, tdnet_tensors(name, norm_size=size))
    with zero_kernels():
        model = accel_tf.from_preset(name)
    report = accel_tf.load_checkpoint(model, path)
    assert (
        len(report.loaded) + len(report.ignored)
        == {
            "td4_psp18": 728,
            "td2_psp50": 776,
        }[name]
    )
    assert all(
        "num_batches_tracked" in each or ".fc." in each
        for each in report.ignored
    )

    fixture = Fixture(f"tdnet_{name}")
    frames = reference_frames(*SIZE, 8, 0)[:, None]
    state = model.initial_state(1, *SIZE)
    with record_outputs(model) as outputs:
        for index, frame in enumerate(frames):
            logits, state = model.step(frame, state)
            fixture.check(f"logits_{index}", logits)
    fixture.check_all_seen()

    internals = Fixture(f"tdnet_{name}_internals")
    for tensor, part in {**ENCODINGS, **INTERNALS[name]}.items():
        output = outputs[part][0 if tensor.endswith("_first") else -1]
        if internals.stored[tensor].ndim == 3:
            output = pixels_in_a_row(output)
        internals.check(tensor, output)
    internals.check_all_seen()


@pytest.mark.parametrize(
    "name, size, paths",
    [
        pytest.param("td4_psp18", SIZE, 4, marks=pytest.mark.slow),
        pytest.param("td2_psp50", (96, 192), 2, marks=pytest.mark.slow),
        ("td2_fa18", SIZE, 2),
    ],
)
def test_training_code(name, size, paths, tmp_path):
    """Clips as the training code takes them, with its stride of 3."""
    norm_size = (size[0] // 8, size[1] // 8)
    tensors = tdnet_tensors(f"{name}_training", norm_size)
    path = tmp_path / "best_model.pkl"
    write_checkpoint(path, tensors, epoch=3, best_iou=0.5)
    with zero_kernels():
        model = accel_tf.from_preset(name, stride=3)
    report = accel_tf.load_checkpoint(model, path)
    ignored = {each.split(".")[0].rstrip("12") for each in report.ignored}
    expected = {"auxlayer"} if "psp" in name else {"head_aux", "ffm_4_"}
    assert expected <= ignored

    fixture = Fixture(f"tdnet_{name}_training")
    clip = reference_frames(*size, paths, 0)[None]
    for position in range(paths):
        # The last frame is the position's; the first is as many before.
        start = position + 1
        logits = model(clip, start_phase=start)
        fixture.check(f"logits_position{position}", logits)
        if position:
            continue
        state = model.initial_state(1, *size, start_phase=start)
        for index in range(paths):
            logits, state = model.step(clip[:, index], state)
        fixture.check("logits_position0", logits)
        alone, _ = model.step(
            clip[:, -1], model.initial_state(1, *size, start_phase=position)
        )
        fixture.check("sub_logits_position0", alone)
