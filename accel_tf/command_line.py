"""The parser of the command line `accel-tf`."""

import argparse
import re

from accel_tf import option_types, run_options
from accel_tf.benchmark import options as benchmark_options
from accel_tf.evaluation import options as evaluate_options
from accel_tf.runtimes import options as runtime_options
from accel_tf.segmentation import command_options as segment_options
from accel_tf.serving import segment_options as remote_options
from accel_tf.serving import serve_options


def make_parser(run):
    """The parser of the whole command line.

    Args:
        run: dict of a verb's name -> function that takes the arguments.

    Returns:
        An `argparse.ArgumentParser`; it sets `run` to the verb's function.
    """
    parser = argparse.ArgumentParser(
        prog="accel-tf",
        description="Video segmentation at a fraction of the per-frame cost.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name, summary, example):
        added = verbs.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"Example: accel-tf {example}",
        )
        added.set_defaults(run=run[name])
        return added

    models = verb(
        "models",
        "Table of the presets: parameters and multiply-additions.",
        "models --size 512x1024",
    )
    models.add_argument(
        "--size",
        type=option_types.size,
        default=(1024, 2048),
        metavar="HxW",
        help="of a frame in pixels (default: 1024x2048)",
    )
    models.add_argument(
        "--json", metavar="FILE", help="also write the numbers to this file"
    )

    demo = verb(
        "demo",
        "Trains and compares small models on procedural street scenes.",
        "demo --out out/demo",
    )
    demo.add_argument(
        "--out",
        default="out/demo",
        metavar="DIR",
        help="folder for the results (default: out/demo)",
    )

    segment = verb(
        "segment",
        "Segments videos and writes them with the classes laid over.",
        "segment drive.mp4 --output out.mp4",
    )
    _add_model(segment)
    run_options.add_options(segment)
    remote_options.add_options(segment)
    segment.add_argument(
        "--interval",
        type=int,
        metavar="N",
        help="frames from one key frame to the next (default: 5)",
    )
    segment_options.add_options(segment)

    evaluate = verb(
        "evaluate",
        "Mean IoU by interval, by class and by distance, and time per frame.",
        "evaluate --model accel_18 --weights accel-18-0000.params "
        "--data cityscapes_sequences/half_window20 --data-dir data "
        "--intervals 1,5 --json accel_18.json",
    )
    # The data set says how many classes there are.
    _add_model(evaluate, num_classes=False)
    evaluate.add_argument(
        "--name",
        metavar="TEXT",
        help="of the system in tables and plots (default: that of --model)",
    )
    evaluate_options.add_options(evaluate)

    export = verb(
        "export",
        "Writes a SavedModel for servers, or programs for other runtimes.",
        "export --model accel_18 --weights accel-18-0000.params "
        "--interval 5 exports/accel_18",
    )
    export.add_argument(
        "directory",
        metavar="DIR",
        help="folder of all versions; created if need be",
    )
    _add_model(export)
    run_options.add_exact_graph(export)
    run_options.add_motion(export)
    runtime_options.add_export_options(export)
    export.add_argument(
        "--interval",
        type=int,
        metavar="N",
        help="frames from one key frame to the next (default: 5)",
    )
    export.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="folder in DIR to write (default: the next number)",
    )
    export.add_argument(
        "--memory-limit",
        type=_bytes,
        metavar="BYTES",
        help="for the states of all streams, such as 512M or 8G; the least "
        "recently used make room (default: 2G)",
    )
    export.add_argument(
        "--max-pixels",
        type=option_types.count,
        metavar="N",
        help="height times width of the largest frame that is taken "
        "(default: 8388608, of 2048x4096)",
    )
    export.add_argument(
        "--warm-up-size",
        type=option_types.size,
        metavar="HxW",
        help="of the frames that are expected (default: 512x1024)",
    )

    serve = verb(
        "serve",
        "Answers TensorFlow Serving's REST requests with exported models.",
        "serve --model-base-path exports/camvid --model-name camvid "
        "--rest-api-port 8501",
    )
    serve_options.add_options(serve)

    benchmark = verb(
        "benchmark",
        "Times presets side by side, beside the machine's own limits.",
        "benchmark --models deeplab_101,accel_18 --size 512x1024",
    )
    benchmark_options.add_options(benchmark)

    convert = verb(
        "convert",
        "Writes an official checkpoint as .weights.h5.",
        "convert --model accel_18 rfcn_dff_flownet_vid-0000.params "
        "accel-18-0000.params --output accel_18.weights.h5",
    )
    convert.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="official checkpoints; a later one overrides an earlier one",
    )
    _add_preset(convert)
    convert.add_argument("--output", required=True, metavar="FILE")

    build_data = verb(
        "build-data",
        "Makes a data set of downloaded or one's own files.",
        "build-data cityscapes_sequences/half_window20 "
        "--manual-dir cityscapes --data-dir data",
    )
    build_data.add_argument(
        "builder", metavar="BUILDER", help="data set, or DATA_SET/CONFIGURATION"
    )
    build_data.add_argument(
        "--manual-dir",
        metavar="DIR",
        help="folder of the files to read; synthetic_streets needs none",
    )
    build_data.add_argument(
        "--data-dir",
        required=True,
        metavar="DIR",
        help="folder of all data sets; created if need be",
    )
    build_data.add_argument(
        "--skip-faults",
        action="store_true",
        help="leave out what is missing or broken rather than stop",
    )
    build_data.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="field of the configuration; may be given again",
    )
    return parser


def _add_preset(parser, num_classes=True):
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="preset (`accel-tf models` lists them), hub:NAME of KerasHub, or "
        "a .keras, .onnx or .tflite file or SavedModel of a per-frame model",
    )
    if num_classes:
        parser.add_argument(
            "--num-classes",
            type=int,
            metavar="N",
            help="of the weights (default: 19; a .keras file knows it)",
        )


def _add_model(parser, num_classes=True):
    _add_preset(parser, num_classes)
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="FILE",
        help=".keras, .weights.h5 or official checkpoint; give it again for "
        "a file that is laid over the one before; or random. Without --model "
        "and --weights a small model for streets runs that comes with "
        "accel-tf",
    )


def _bytes(text):
    match = re.fullmatch(r"(\d+)([KMG]?)", text)
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of bytes; give one such as 512M or 8G"
        )
    return int(match[1]) * 1024 ** " KMG".index(match[2] or " ")
