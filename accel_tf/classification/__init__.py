"""The parts of `accel_tf.classify`: what goes in, what comes out."""
