"""The options that choose the form of a model that is run."""

from accel_tf.runtimes import options as runtime_options


def add_options(parser):
    """Adds them to a verb that runs a model.

    Args:
        parser: an `argparse.ArgumentParser`.
    """
    add_exact_graph(parser)
    runtime_options.add_options(parser)


def add_exact_graph(parser):
    """Adds the choice between a model and its fused form."""
    parser.add_argument(
        "--exact-graph",
        action="store_true",
        help="run the model operation by operation as published, rather than "
        "its fused form, which has the same outputs",
    )


def given_form(arguments):
    """How a restored model is made into what is run.

    Args:
        arguments: an `argparse.Namespace` with the options of `add_options`.

    Returns:
        Function from a `VideoSegmenter`, or a `RuntimeSegmenter` from a
        folder, to what `VideoStream` takes.
    """
    given = runtime_options.given_options(arguments)

    def prepare(model):
        from accel_tf.models.fuse import fuse_for_inference
        from accel_tf.runtimes import RuntimeSegmenter
        from accel_tf.runtimes.export import prepare_runtime

        is_fused = isinstance(model, RuntimeSegmenter)
        if not (is_fused or arguments.exact_graph):
            model = fuse_for_inference(model)
        return prepare_runtime(model, **given)

    return prepare
