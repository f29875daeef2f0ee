"""The model that `fit` trains PSPNet with."""

import keras
import numpy as np
import pytest
from model_tools import assert_close, scenes
from small_models import small_pspnet

from accel_tf.models.pspnet import normalize_image
from accel_tf.models.pspnet.pspnet_training import PSPNetTraining
from accel_tf.training import OhemCrossEntropy


def test_outputs_of_a_frame():
    segmenter = small_pspnet()
    model = PSPNetTraining(segmenter)
    clip = scenes(batch=2, length=1)
    outputs = model(clip)
    assert sorted(outputs) == ["aux", "full"]
    assert_close(outputs["full"], segmenter(clip), 1e-5)
    backbone = segmenter.backbone
    stage = keras.Model(backbone.inputs, backbone.stage_output(3))
    aux = model.auxiliary_heads[0](stage(normalize_image(clip[:, 0])))
    size = clip.shape[2:4]
    assert_close(outputs["aux"], segmenter.upsample(aux, size), 1e-5)


def test_both_losses_are_learnt_from_the_labels(untraced):
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = PSPNetTraining(small_pspnet(dropout=0.0), dropout=0.0)
    paths = {variable.path for variable in model.variables}
    assert len(paths) == len(model.variables)
    model.compile(
        keras.optimizers.SGD(0.01), **model.objectives(OhemCrossEntropy())
    )
    clip = scenes(batch=2, length=1)
    labels = np.random.default_rng(0).integers(0, 5, (2, *clip.shape[2:4]))
    batches = tf.data.Dataset.from_tensors((clip, labels.astype("uint8")))
    data = model.training_data(batches.repeat(), first=1)
    history = model.fit(
        data, steps_per_epoch=1, epochs=3, shuffle=False, verbose=0
    ).history
    for name in ("full_loss", "aux_loss"):
        assert history[name][-1] < history[name][0]
    total = np.array(history["full_loss"]) + 0.4 * np.array(history["aux_loss"])
    np.testing.assert_allclose(total, history["loss"], rtol=1e-4)


def test_other_clips_are_refused():
    model = PSPNetTraining(small_pspnet())
    with pytest.raises(ValueError, match=r"must be \[B, 1, H, W, 3\]"):
        model(scenes(length=2))
