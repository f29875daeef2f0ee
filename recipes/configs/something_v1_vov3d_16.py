"""VoV3D on Something-Something v1, 16 frames, as its authors trained it.

    accel-tf build-data something_something/v1 --manual-dir MY_DATA \
        --data-dir data
    accel-tf recipe train_classifier something_v1_vov3d_16 \
        --set data_dir=data
    accel-tf recipe test_classifier \
        out/something_v1/vov3d_m_16/vov3d_m.keras \
        --data something_something/v1 --data-dir data \
        --size 256 --views 2x3

For VoV3D-L `--set model=vov3d_l --set out=out/something_v1/vov3d_l_16`. 100
epochs of 86,017 videos, 64 clips an update; VoV3D-M took its authors 29.4
hours on 8 V100.
Not run here; the authors' VoV3D-M scores 49.0 and 78.2 % (top-1, top-5) and
VoV3D-L 49.5 and 78.0 % with 6 views (their README).
"""

from accel_tf.recipes.common.published_classifiers import something_config

config = something_config("v1", "vov3d_m", frames=16)
