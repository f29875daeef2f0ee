"""The options that choose the form of a model that is run."""

from accel_tf.commands import runtime_options

SMOOTH = 0.8
"""Share of the frames before that `--smooth` keeps."""

TRUSTS = ("photometric", "forward-backward", "both")
"""Of `accel_tf.propagate`, which Keras would have to be imported for."""


def add_options(parser):
    """Adds them to a verb that runs a model.

    Args:
        parser: an `argparse.ArgumentParser`.
    """
    add_exact_graph(parser)
    add_motion(parser)
    runtime_options.add_options(parser)


def add_motion(parser):
    """Adds what is done to a model along the optical flow."""
    parser.add_argument(
        "--propagate",
        metavar="FLOW",
        help="key frames for a per-frame model: between them its scores move "
        "along the optical flow. FLOW is dis (OpenCV's), dis:fast:2 (faster, "
        "on frames of half the size), small (the network that comes with "
        "accel-tf), a .keras file or PRESET=FILE",
    )
    parser.add_argument(
        "--update",
        metavar="FILE",
        help="with --propagate: .keras file of a light per-frame model that "
        "corrects the moved scores where the flow is not to be trusted",
    )
    parser.add_argument(
        "--flow",
        metavar="FLOW",
        help="another optical flow for a model that has one, and for --smooth",
    )
    parser.add_argument(
        "--smooth",
        type=float,
        nargs="?",
        const=SMOOTH,
        metavar="SHARE",
        help="average the scores along the optical flow, so that labels do "
        "not flicker; SHARE, 0 to below 1, is what is kept of the frames "
        f"before (default: {SMOOTH})",
    )
    parser.add_argument(
        "--fuse-key-frames",
        action="store_true",
        help="for Accel: the update branch decides on key frames, too, so that "
        "labels change less where one comes",
    )
    parser.add_argument(
        "--blend",
        type=int,
        metavar="FRAMES",
        help="let what a key frame gives come in over FRAMES frames, along the "
        "optical flow, so that labels do not jump there; for models with key "
        "frames and a flow, and with --propagate",
    )
    parser.add_argument(
        "--trust",
        choices=TRUSTS,
        help="with --propagate or --smooth: what tells where the flow is "
        "wrong: the brightness along it (photometric, the default), the flow "
        "back (forward-backward; takes a second flow), or both",
    )


def given_motion(arguments):
    """What is done to a restored model along the optical flow.

    Args:
        arguments: an `argparse.Namespace` with the options of `add_motion`.

    Returns:
        Function from a per-frame `VideoSegmenter`, or one with a flow, to
        what is run.

    Raises:
        ValueError, OSError, ImportError: one line, if a flow is unknown or a
            file cannot be read.
    """
    given = (arguments.propagate, arguments.flow, arguments.smooth)
    if arguments.update is not None and arguments.propagate is None:
        raise ValueError("--update goes with --propagate.")
    if arguments.trust and (arguments.propagate, arguments.smooth) == (
        None,
        None,
    ):
        raise ValueError("--trust goes with --propagate or --smooth.")
    if given == (None, None, None):
        return lambda model: _with_key_frames(model, arguments)
    from accel_tf.models import propagation
    from accel_tf.models.keras_files import load_keras_model

    names = (arguments.propagate, arguments.flow)
    if None not in names:
        raise ValueError("--propagate names the flow; leave --flow out.")
    flow = propagation.make_flow(arguments.propagate or arguments.flow or "dis")
    update = arguments.update and load_keras_model(arguments.update)
    smooth = arguments.smooth
    trust = {"trust": arguments.trust} if arguments.trust else {}

    def prepare(model):
        if arguments.propagate is not None:
            if arguments.fuse_key_frames:
                model = _fusing(model)
            blend = arguments.blend or 0
            return propagation.propagate(
                model, flow, update, smooth=smooth or 0.0, blend=blend, **trust
            )
        model = _with_key_frames(model, arguments)
        if arguments.flow is not None and hasattr(model, "flow_network"):
            model = propagation.with_flow(model, arguments.flow)
        elif smooth is None:
            raise ValueError(
                f"--flow is for models with an optical flow, which "
                f"{model.name} has not; give --propagate {arguments.flow}."
            )
        if smooth is not None:
            model = propagation.smooth(model, flow, smooth, **trust)
        return model

    return prepare


def _with_key_frames(model, arguments):
    """The model with other key frames, if that is asked for."""
    if arguments.fuse_key_frames:
        model = _fusing(model)
    if arguments.blend is not None:
        from accel_tf.models.blending import with_blend

        model = with_blend(model, arguments.blend)
    return model


def _fusing(model):
    """Accel with key frames that are fused, too."""
    if not hasattr(model, "fusing_key_frames"):
        raise ValueError(
            "--fuse-key-frames is for Accel with fused scores, such as "
            f"accel_tiny; {model.name} has no update branch to fuse."
        )
    return model.fusing_key_frames()


def _longest_interval(arguments):
    """From one key frame to the next; `None` if nothing says it."""
    intervals = getattr(arguments, "intervals", None)
    return max(intervals) if intervals else getattr(arguments, "interval", None)


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
    check_exact_graph(arguments)
    given["interval"] = _longest_interval(arguments)
    along_flow = given_motion(arguments)

    def prepare(model):
        from accel_tf.runtimes.model import RuntimeModel, prepare_programs

        model = along_flow(model)
        if isinstance(model, RuntimeModel):
            return prepare_programs(model, **given)  # without Keras
        from accel_tf.runtimes.export import prepare_runtime
        from accel_tf.runtimes.forms import form_for

        model = form_for(
            model,
            given["runtime"],
            given["precision"],
            arguments.exact_graph,
        )
        return prepare_runtime(model, **given)

    return prepare


def check_exact_graph(arguments):
    """Raises `ValueError` if only the fused form has the precision."""
    if arguments.exact_graph and arguments.precision == "bfloat16":
        raise ValueError(
            "--precision bfloat16 is of the fused form; leave --exact-graph "
            "out."
        )
