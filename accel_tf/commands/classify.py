"""`accel-tf classify`."""

from accel_tf.commands import (
    classifier_options,
    form_options,
    option_types,
    runtime_options,
    video_options,
)
from accel_tf.data.frame_steps import AS_TRAINED

EXAMPLE = "clip.mp4 --model vov3d_m --weights vov3d_m_k400.pth"

_FIELDS = (
    "frame_rate codec quality strict live start end views every size top"
).split()


def add_options(parser):
    video_options.add_inputs(parser, "line")
    _add_model(parser)
    _add_clips(parser)
    _add_outputs(parser)
    add = parser.add_argument_group("input").add_argument
    video_options.add_range(add)
    video_options.add_reading(add, "take it for the one before")


def _add_model(parser):
    add = parser.add_argument_group("model").add_argument
    add(
        "--model",
        metavar="NAME",
        help="preset (`accel-tf models` lists them) or .keras file",
    )
    add(
        "--weights",
        action="append",
        default=[],
        metavar="FILE",
        help="official .pth or .pyth, .weights.h5, .keras or a folder of "
        "export; or random",
    )
    add(
        "--num-classes",
        type=option_types.count,
        metavar="N",
        help="of the weights (default: as the file says)",
    )
    classifier_options.add_options(add)
    form_options.add_exact_graph(parser)
    runtime_options.add_options(parser, quantizes=False)


def _add_clips(parser):
    add = parser.add_argument_group(
        "clips",
        "Windows of one clip each slide along the video. With --views the "
        "clips are those of a published test.",
    ).add_argument
    add(
        "--frames",
        type=option_types.clip,
        default=(None, AS_TRAINED),
        metavar="NxSTEP",
        help="frames of a clip, and frames of a video of 30 per second from "
        "one to the next; N alone for a clip spread over the whole video "
        "(default: as the model was trained; x5 if it does not tell that)",
    )
    add(
        "--views",
        type=option_types.views,
        metavar="CLIPSxCROPS",
        help="clips along the whole video, each with 1 or 3 squares, such as "
        "10x3 on Kinetics",
    )
    add(
        "--every",
        type=option_types.seconds,
        metavar="SECONDS",
        help="from one window to the next (default: half a clip)",
    )
    add(
        "--size",
        type=option_types.count,
        metavar="PIXELS",
        help="side of the squares that are classified (default: that of "
        "--crop-size; the published tests of models of 224 take 256)",
    )


def _add_outputs(parser):
    add = parser.add_argument_group(
        "outputs",
        "With several inputs or --output-dir, FILE of --json is a folder that "
        "gets a file for each input. The exit status is 1 if one of several "
        "inputs failed, 3 if a stream or camera was lost, 130 after an "
        "interrupt; what was found before is kept.",
    ).add_argument
    add(
        "--top",
        type=option_types.count,
        default=5,
        metavar="N",
        help="how many classes are told (default: 5)",
    )
    add(
        "--json",
        metavar="FILE",
        help="top classes of every window with its time, and of the whole",
    )
    add(
        "--output",
        metavar="FILE",
        help="the video with the running top classes drawn on it, such as "
        ".mp4 or .mkv",
    )
    add(
        "--output-dir",
        metavar="DIR",
        help="folder for such a video of each input, called like it",
    )
    video_options.add_encoding(add)


def run(arguments):
    from accel_tf.classification.jobs import check_jobs, jobs_of, run_jobs
    from accel_tf.data.frame_steps import note_of_unknown_step
    from accel_tf.messages import note
    from accel_tf.segmentation.inputs import made_folders

    form_options.check_exact_graph(arguments)
    options = _given_options(arguments)
    of_model = classifier_options.given_options(arguments)
    jobs = jobs_of(
        arguments.inputs,
        arguments.output,
        arguments.output_dir,
        arguments.json,
    )
    with made_folders(jobs):
        good = check_jobs(jobs, options)
        if not good:
            return 1
        model = _given_model(arguments, of_model)
        unknown = note_of_unknown_step(model, options.step, options.frames)
        if unknown:
            note(unknown)
        return run_jobs(good, len(jobs), model, options.of(model))


def _given_options(arguments):
    from accel_tf.classification.options import ClassifyOptions

    frames, step = arguments.frames
    return ClassifyOptions(
        frames=frames,
        step=step,
        reconnect_seconds=arguments.reconnect,
        **{name: getattr(arguments, name) for name in _FIELDS},
    )


def _given_model(arguments, given):
    from accel_tf.messages import tell
    from accel_tf.runtimes.export import prepare_runtime
    from accel_tf.runtimes.forms import form_for
    from accel_tf.runtimes.restore import restore_clips

    model, message = restore_clips(
        arguments.model, arguments.weights, arguments.num_classes, **given
    )
    tell(message)
    given = runtime_options.given_options(arguments)
    model = form_for(
        model, given["runtime"], given["precision"], arguments.exact_graph
    )
    return prepare_runtime(model, **given)
