import numpy as np
import pytest
from small_models import small_deeplab, small_resnet_v1

from accel_tf.data.label_maps import LabelMap
from accel_tf.models.deeplab import DeepLab
from accel_tf.training.transfer import copy_weights, with_classes


def named(*names):
    return LabelMap(names, tuple((i, i, i) for i in range(len(names))))


def test_scores_follow_their_classes():
    label_map = named("road", "car", "sky", "tree", "wall")
    source = small_deeplab(label_map=label_map)
    target, shared = with_classes(source, named("sky", "dog", "road"))
    assert shared == ["sky", "road"] and target.num_classes == 3
    np.testing.assert_array_equal(
        target.backbone.get_weights()[0], source.backbone.get_weights()[0]
    )
    for ours, theirs in zip(
        target.head.get_weights()[2:],
        source.head.get_weights()[2:],
        strict=True,
    ):
        np.testing.assert_array_equal(ours[..., 0], theirs[..., 2])
        np.testing.assert_array_equal(ours[..., 2], theirs[..., 0])

    # As many classes, in another order; some layers have five channels too.
    again = small_deeplab(label_map=named("sky", "car", "road", "x", "y"))
    kept = again.head.get_weights()[2][..., 4].copy()
    assert copy_weights(source, again) == ["sky", "car", "road"]
    kernel, stored = (m.head.get_weights()[2] for m in (again, source))
    np.testing.assert_array_equal(kernel[..., :3], stored[..., [2, 1, 0]])
    np.testing.assert_array_equal(kernel[..., 4], kept)
    assert with_classes(source, label_map)[0] is source


def test_other_architectures_are_refused():
    other = DeepLab(small_resnet_v1(), 5, head_filters=8)
    with pytest.raises(ValueError, match="is of another architecture than"):
        copy_weights(other, small_deeplab())
