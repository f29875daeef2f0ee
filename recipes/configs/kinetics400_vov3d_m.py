"""VoV3D-M on Kinetics-400, as VoV3D's authors trained it.

    accel-tf build-data kinetics400 --manual-dir MY_KINETICS --data-dir data
    accel-tf recipe train_classifier kinetics400_vov3d_m --set data_dir=data
    accel-tf recipe test_classifier out/kinetics400/vov3d_m/vov3d_m.keras \
        --data kinetics400 --data-dir data \
        --size 256 --views 10x3

256 epochs of about 240,000 videos, 128 clips an update; the authors took 8
GPUs. Not run here; their network scores 74.7 and 92.1 % (top-1, top-5) by 30
views (their README). `decayed=intended` repairs the weight decay.
"""

from accel_tf.recipes.common.published_classifiers import kinetics_config

config = kinetics_config("vov3d_m", batch_size=128, learning_rate=0.1)
