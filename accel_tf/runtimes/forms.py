"""Which form of a model runs in a runtime."""

from accel_tf.messages import note
from accel_tf.models import fuse
from accel_tf.processor import note_of_slow_bfloat16
from accel_tf.runtimes.choices import OF_KERAS, PRECISIONS
from accel_tf.runtimes.model import RuntimeModel


def form_for(
    model, runtime="tensorflow", precision="float32", exact_graph=False
):
    """The form of a model for what was chosen on the command line.

    Tells in one line where bfloat16 saves no time.

    Args:
        model: a `VideoSegmenter` or `ClipClassifier`, or a `RuntimeModel`
            from a folder, which is given back.
        runtime, precision: as for `prepare_runtime`.
        exact_graph: whether to give the model as it is and not the form of
            `accel_tf.fuse_for_inference`.

    Raises:
        ValueError: one line, if the model has no form in that precision.
    """
    if isinstance(model, RuntimeModel) or exact_graph:
        return model
    has_it = precision in PRECISIONS.get(runtime, OF_KERAS)
    if precision != "bfloat16" or not has_it:
        return fuse.fuse_for_inference(model)
    line = note_of_slow_bfloat16(in_keras=runtime not in PRECISIONS)
    if line:
        note(line)
    return fuse.fuse_for_inference(model, precision)
