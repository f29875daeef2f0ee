"""X3D-L on Kinetics-400, as VoV3D's authors trained it.

    accel-tf build-data kinetics400 --manual-dir MY_KINETICS --data-dir data
    accel-tf recipe train_classifier kinetics400_x3d_l --set data_dir=data
    accel-tf recipe test_classifier out/kinetics400/x3d_l/x3d_l.keras \
        --data kinetics400 --data-dir data \
        --size 256 --views 10x3

256 epochs of about 240,000 videos, 64 clips an update; the authors took 8
GPUs. Not run here; their network scores 76.1 and 92.6 % (top-1, top-5) by 30
views (their README). `decayed=intended` repairs the weight decay.
"""

from accel_tf.recipes.common.published_classifiers import kinetics_config

config = kinetics_config("x3d_l", batch_size=64, learning_rate=0.05)
