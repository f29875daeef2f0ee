"""The command line `accel-tf`: each verb a call into the library."""

import contextlib
import functools
import json
import signal
import sys

import tqdm

import accel_tf
from accel_tf import run_options
from accel_tf.benchmark import options as benchmark_options
from accel_tf.command_line import make_parser
from accel_tf.evaluation import options as evaluate_options
from accel_tf.files import write_text
from accel_tf.runtimes import options as runtime_options
from accel_tf.segmentation import command_options as segment_options
from accel_tf.serving import segment_options as remote_options
from accel_tf.serving import serve_options


def main(argv=None):
    """Runs one verb.

    Args:
        argv: the arguments; those of the process by default.

    Returns:
        The exit status: 0; 1 if one of several inputs failed; 2 after a
        mistake in the input; 3 if a stream was lost; 130 after an interrupt.
    """
    arguments = make_parser(_VERBS).parse_args(argv)
    # Being told to stop by a supervisor is like Ctrl-C: finish the files.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return arguments.run(arguments) or 0
    except KeyboardInterrupt:
        print("accel-tf: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, ImportError) as error:
        message = " ".join(str(error).split())
        print(f"accel-tf: {message}", file=sys.stderr)
        return 2


def _models(arguments):
    from accel_tf.models.summary import format_table, summarize_presets

    rows = summarize_presets(
        *arguments.size,
        progress=lambda names: tqdm.tqdm(names, leave=False),
    )
    print(format_table(rows))
    if arguments.json:
        write_text(arguments.json, json.dumps(rows, indent=1) + "\n")


def _demo(arguments):
    from accel_tf.demo import run_demo

    run_demo(arguments.out)


def _segment(arguments):
    from accel_tf.segmentation.command import check_jobs, run_jobs
    from accel_tf.segmentation.inputs import made_folders

    remote_options.check_options(arguments)
    options = segment_options.given_options(arguments)
    jobs = segment_options.given_jobs(arguments)
    given = _given_streams(arguments)
    with made_folders(jobs):
        good = check_jobs(jobs, options)
        if not good:
            return 1
        with given() as (open_stream, label_map, about):
            return run_jobs(
                good, len(jobs), open_stream, label_map, options, about
            )


def _given_streams(arguments):
    """A function that opens the model's streams.

    Wrong options are found here, before the model is loaded.
    """
    if arguments.server is not None:
        from accel_tf.serving.remote_segment import server_streams

        return functools.partial(
            server_streams,
            arguments.server,
            arguments.model,
            **remote_options.given_options(arguments),
        )
    interval = 5 if arguments.interval is None else arguments.interval
    return functools.partial(
        _local_streams,
        arguments,
        accel_tf.FixedInterval(interval),
        run_options.given_form(arguments),
    )


@contextlib.contextmanager
def _local_streams(arguments, policy, prepare):
    """Loads a model once, for a stream after another."""
    from accel_tf.runtimes.restore import restore_segmenter

    model, message = restore_segmenter(
        arguments.model, arguments.weights, arguments.num_classes
    )
    print(message)
    keeps_scores = arguments.save_scores is not None
    stream = accel_tf.VideoStream(prepare(model), policy, keeps_scores)

    def open_stream():
        stream.reset_state()
        return contextlib.nullcontext(stream)

    yield open_stream, model.label_map, None


def _evaluate(arguments):
    from accel_tf.evaluation.command import evaluate_systems

    system = (arguments.model, arguments.weights)
    name = arguments.name or arguments.model or "accel_tf"
    evaluate_systems(
        {name: system},
        **evaluate_options.given_options(arguments),
    )


def _export(arguments):
    names = "interval", "version", "memory_limit", "warm_up_size"
    names += ("max_pixels",)
    given = {name: getattr(arguments, name) for name in names}
    given = {name: x for name, x in given.items() if x is not None}
    programs = runtime_options.given_export_options(arguments)
    if programs and given:
        name = next(iter(given)).replace("_", "-")
        raise ValueError(f"--{name} goes with --format savedmodel only.")
    common = {
        "num_classes": arguments.num_classes,
        "exact_graph": arguments.exact_graph,
        "along_flow": run_options.given_motion(arguments),
    }
    name = arguments.model or "the model"
    model = arguments.model, arguments.weights, arguments.directory
    if programs:
        from accel_tf.runtimes.export import export_runtime

        path, message = export_runtime(*model, **common, **programs)
        content = f"{name} for {programs['runtime']}"
    else:
        from accel_tf.serving.export.export_preset import export_preset

        path, message = export_preset(*model, **common, **given)
        content = f"version {path.name} of {name}"
    print(message)
    print(f"{path}: {content}.")


def _serve(arguments):
    from accel_tf.serving.serve_command import serve

    serve(**serve_options.given_options(arguments))


def _benchmark(arguments):
    from accel_tf.benchmark.command import benchmark

    benchmark(**benchmark_options.given_options(arguments))


def _convert(arguments):
    from accel_tf.checkpoints.convert import convert_checkpoint
    from accel_tf.models.restore import preset_of_files

    model = preset_of_files(
        arguments.model, arguments.files, arguments.num_classes
    )
    report = convert_checkpoint(model, arguments.files, arguments.output)
    print(f"{arguments.output}: {report}.")


def _build_data(arguments):
    from accel_tf.data.build_data import build_data

    print(
        build_data(
            arguments.builder,
            arguments.data_dir,
            manual_dir=arguments.manual_dir,
            skip_faults=arguments.skip_faults,
            settings=arguments.set,
        )
    )


_VERBS = {
    "models": _models,
    "demo": _demo,
    "segment": _segment,
    "evaluate": _evaluate,
    "export": _export,
    "serve": _serve,
    "benchmark": _benchmark,
    "convert": _convert,
    "build-data": _build_data,
}

if __name__ == "__main__":
    sys.exit(main())
