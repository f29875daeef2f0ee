"""VoV3D on Something-Something v2, 32 frames, as its authors trained it.

    accel-tf build-data something_something/v2 --manual-dir MY_DATA \
        --data-dir data
    accel-tf recipe train_classifier something_v2_vov3d_32 \
        --set data_dir=data
    accel-tf recipe test_classifier \
        out/something_v2/vov3d_m_32/vov3d_m.keras \
        --data something_something/v2 --data-dir data \
        --size 256 --views 2x3

For VoV3D-L `--set model=vov3d_l --set out=out/something_v2/vov3d_l_32`. 100
epochs of 168,913 videos, 64 clips an update; by the number of videos and
frames four times the 29.4 hours on 8 V100 that v1 took the authors.
Not run here; the authors' VoV3D-M scores 64.3 and 88.9 % (top-1, top-5) and
VoV3D-L 65.9 and 89.6 % with 6 views (their README).
"""

from accel_tf.recipes.common.published_classifiers import something_config

config = something_config("v2", "vov3d_m", frames=32)
