"""What `accel-tf export` does."""

from accel_tf.models.restore_any import restore_any
from accel_tf.runtimes.forms import form_for
from accel_tf.serving.export.saved_model import export_saved_model
from accel_tf.serving.export.settings import check_settings


def export_preset(
    name,
    weights,
    directory,
    interval=5,
    precision="float32",
    num_classes=None,
    exact_graph=False,
    along_flow=None,
    of_classifiers=None,
    **settings,
):
    """Exports a preset with weights from files.

    Args:
        name, weights, num_classes: as for `restore_any`.
        directory, interval: as for `export_saved_model`.
        precision: as for `fuse_for_inference`.
        exact_graph: whether to export the model as it is and not the form
            of `accel_tf.fuse_for_inference`.
        along_flow: function from the restored model to the one that is
            exported, such as one that propagates it; `None` for none.
        of_classifiers: dict of what `restore_classifier` takes besides;
            `None` for nothing.
        **settings: further arguments of `export_saved_model`.

    Returns:
        `(path, message)`: of the version's folder, and a line about the
        weights.

    Raises:
        ValueError, OSError: one line, as those two.
    """
    # A bad setting should not wait for the model.
    check_settings(directory, interval, **settings)
    model, message = restore_any(
        name, weights, num_classes, **(of_classifiers or {})
    )
    if along_flow is not None:
        model = along_flow(model)
    model = form_for(model, precision=precision, exact_graph=exact_graph)
    path = export_saved_model(model, directory, interval, **settings)
    return path, message
