"""The parts of `accel_tf.segment`: what goes in, what comes out."""
