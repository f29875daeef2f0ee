"""X3D on Something-Something v2, 16 frames, as VoV3D's authors trained it.

    accel-tf recipe train_classifier something_v2_x3d_m --set data_dir=data
    accel-tf recipe test_classifier out/something_v2/x3d_m_16/x3d_m.keras \
        --data something_something/v2 --data-dir data \
        --size 224 --views 1x1

100 epochs of 168,913 videos, 64 clips an update. For X3D-L `--set
model=x3d_l`, another `out` and, as the authors have it there by oversight,
`--set channel_order=bgr --set augmentation.flip=true --set
augmentation.inverse=false`; it is tested with 2x3 views. Not run here; the
authors' X3D-M scores 63.1 and 88.0 % (top-1, top-5) and X3D-L 62.7 and 87.8 %
(their README).
"""

from accel_tf.recipes.common.published_classifiers import something_config

config = something_config("v2", "x3d_m", frames=16, validation_size=224)
