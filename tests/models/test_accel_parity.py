"""Accel-18/34/50/101 against the authors' code, tensor by tensor."""

import keras
import pytest
from model_tools import zero_kernels
from reference import (
    Fixture,
    official_tensors,
    reference_frames,
    reference_weight,
)

import accel_tf
from accel_tf.checkpoints.mxnet import write_params
from accel_tf.models.resnet import subtract_mean
from accel_tf.ops import upsample_scores

SIZE = (128, 256)


def slow(*values):
    return pytest.param(*values, marks=pytest.mark.slow)


# All kinds of blocks are in Accel-18 and in the part of Accel-50 below.
@pytest.fixture(params=[18, slow(34), slow(50), slow(101)])
def published(request, tmp_path):
    """A preset with the weights of an official file, and its numbers."""
    name = f"accel_{request.param}"
    path = tmp_path / f"{name}-0000.params"
    write_params(path, official_tensors(f"{name}_names.tsv"))
    # Hundreds of megabytes that no other test asks for.
    reference_weight.cache_clear()
    with zero_kernels():
        model = accel_tf.from_preset(name)
    report = accel_tf.load_checkpoint(model, path)
    # All that an official file has beyond the model: a gamma without effect.
    assert set(report.ignored) <= {f"{request.param}_bn_data_gamma"}
    return model, Fixture(name)


def full_resolution(scores):
    return upsample_scores(scores, 16, SIZE)


def test_equals_the_original(published):
    model, fixture = published
    frames = reference_frames(*SIZE, 3, 24)
    state = model.initial_state(1, *SIZE)
    for index, frame in enumerate(frames[:, None]):
        previous = state
        scores, state = model.step(frame, state, is_key=index == 0)
        tag = "key" if index == 0 else f"cur{index}"
        fixture.check(f"{tag}_scores", scores)
        fixture.check(f"{tag}_conv_feat", state["features"])
        if index == 0:
            continue
        flow = model.flow_network([state["flow_image"], previous["flow_image"]])
        fixture.check(f"{tag}_flow", flow)
        if f"{tag}_dff_scores" in fixture.tolerances:
            dff_scores = model.reference_head(state["features"])
            fixture.check(f"{tag}_dff_scores", full_resolution(dff_scores))
        if f"{tag}_update_scores" in fixture.tolerances:
            image = subtract_mean(frame)
            features = model.update_backbone(image)
            update_scores = full_resolution(model.update_head(features))
            fixture.check(f"{tag}_update_scores", update_scores)
            offsets = keras.Model(
                model.update_backbone.inputs,
                model.update_backbone.get_layer(
                    "res5_1_branch2b_offset"
                ).output,
            )
            fixture.check(f"{tag}_update_offset", offsets(image))
    fixture.check_all_seen()


@pytest.mark.parametrize(
    "name, index, scores",
    [
        slow("dff_101", 1, "cur1_dff_scores"),
        slow("deeplab_101", 0, "key_scores"),
        ("deeplab_50", 1, "cur1_update_scores"),
    ],
)
def test_parts_load_from_an_accel_file(name, index, scores, tmp_path):
    """DFF and DeepLab take their share of a published Accel checkpoint."""
    path = tmp_path / "accel-50.params"
    with zero_kernels():
        model = accel_tf.from_preset(name)
    drawn = {each for x in model.checkpoint_entries() for each in x.names}
    tensors = official_tensors("accel_50_names.tsv", drawn=drawn)
    write_params(path, tensors, layout="v1")
    accel_tf.load_checkpoint(model, path)
    frames = reference_frames(*SIZE, index + 1, 24)[:, None]
    state = model.initial_state(1, *SIZE)
    # A model without a state needs no frame before.
    for number in range(index + 1) if state else [index]:
        output, state = model.step(frames[number], state, is_key=number == 0)
    Fixture("accel_50").check(scores, output)
