"""What a benchmark lets one choose, without what it takes to run it."""

from accel_tf.runtimes import choices

BACKENDS = ("tensorflow", "jax", "torch")
"""Of Keras."""

DEVICES = ("cpu", "gpu")

FORMS = ("fused", "exact")

_OF_BACKENDS = (*choices.OF_KERAS, "mixed_float16", "mixed_bfloat16")
RUNTIMES = dict.fromkeys(BACKENDS, _OF_BACKENDS) | choices.PRECISIONS
"""Name of what runs a model -> precisions, the usual one first.

Keras' backends run the model itself, the others programs that
`accel_tf.runtimes` makes of it. `bfloat16` is of the fused form, see
`accel_tf.fuse_for_inference`; those that begin with `mixed_` are dtype
policies of the whole model.
"""
