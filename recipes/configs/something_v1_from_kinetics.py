"""VoV3D on Something-Something v1, 32 frames, from Kinetics-400's weights.

    accel-tf recipe train_classifier something_v1_from_kinetics \
        --set data_dir=data --set weights=vov3d_m_k400.pth

The weights are an official file, whose last layer is left out, or are made by
`kinetics400_vov3d_m`: `accel-tf convert` writes them. For VoV3D-L `--set
model=vov3d_l` and another `out`. 50 epochs of 86,017 videos, 64 clips an
update, as long as 100 epochs of 16 frames. Not run here; the authors' VoV3D-M
scores 53.3 and 81.2 % (top-1, top-5) and VoV3D-L 54.7 and 82.0 % with 6 views
(their README).
"""

from accel_tf.recipes.common.published_classifiers import fine_tuning_config

config = fine_tuning_config("v1", "vov3d_m")
