"""`accel-tf export`."""

from accel_tf.commands import (
    classifier_options,
    form_options,
    keyframe_options,
    model_options,
    option_types,
    runtime_options,
)

EXAMPLE = (
    "--model accel_18 --weights accel-18-0000.params "
    "--interval 5 exports/accel_18"
)
_OF_SAVED_MODELS = ("interval", "version", "memory_limit", "warm_up_size")
_OF_SAVED_MODELS += ("max_pixels", "keyframes", "key_share")


def add_options(parser):
    parser.add_argument(
        "directory",
        metavar="DIR",
        help="folder of all versions; created if need be",
    )
    model_options.add_model(parser)
    model_options.add_num_classes(parser)
    model_options.add_weights(parser)
    form_options.add_exact_graph(parser)
    form_options.add_motion(parser)
    runtime_options.add_export_options(parser)
    keyframe_options.add_options(parser)
    parser.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="folder in DIR to write (default: the next number)",
    )
    parser.add_argument(
        "--memory-limit",
        type=option_types.memory,
        metavar="BYTES",
        help="for the states of all streams, such as 512M or 8G; the least "
        "recently used make room (default: 2G)",
    )
    parser.add_argument(
        "--max-pixels",
        type=option_types.count,
        metavar="N",
        help="height times width of the largest frame that is taken "
        "(default: 8388608, of 2048x4096)",
    )
    parser.add_argument(
        "--warm-up-size",
        type=option_types.size,
        metavar="HxW",
        help="of the frames that are expected (default: 512x1024)",
    )
    add = parser.add_argument_group("classifiers of clips").add_argument
    classifier_options.add_options(add)
    classifier_options.add_frames(add)
    add(
        "--causal",
        action="store_true",
        help="let no frame see a later one, so that the server also takes "
        "live video frame by frame (a .keras file knows it)",
    )


def run(arguments):
    keyframe_options.check_options(arguments)
    form_options.check_exact_graph(arguments)
    given = {name: getattr(arguments, name) for name in _OF_SAVED_MODELS}
    given = {name: x for name, x in given.items() if x is not None}
    programs = runtime_options.given_export_options(arguments)
    of_classifiers = classifier_options.given_options(arguments)
    of_classifiers |= classifier_options.given_frames(arguments)
    if arguments.causal:
        given["causal"] = of_classifiers["causal"] = True
    if programs.get("precision") == "int8" and "interval" in given:
        programs["interval"] = given.pop("interval")
    if programs and given:
        name = next(iter(given)).replace("_", "-")
        raise ValueError(f"--{name} goes with --format savedmodel only.")
    given.pop("causal", None)
    if given.pop("keyframes", None) == keyframe_options.ADAPTIVE:
        given.setdefault("key_share", keyframe_options.DEFAULT_SHARE)
    common = {
        "num_classes": arguments.num_classes,
        "of_classifiers": of_classifiers,
        "exact_graph": arguments.exact_graph,
        "along_flow": form_options.given_motion(arguments),
    }
    from accel_tf.messages import tell

    name = arguments.model or "the model"
    model = arguments.model, arguments.weights, arguments.directory
    if programs:
        from accel_tf.runtimes.export import export_runtime

        path, message = export_runtime(*model, **common, **programs)
        content = f"{name} for {programs['runtime']}"
    else:
        from accel_tf.serving.export.export_preset import export_preset

        path, message = export_preset(
            *model, precision=arguments.precision, **common, **given
        )
        content = f"version {path.name} of {name}"
    tell(message)
    print(f"{path}: {content}.")
