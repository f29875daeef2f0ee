"""Measures the stages of `accel-tf segment`, and how far they overlap.

    accel-tf recipe benchmark_segment --out recipes/results/segment.json

Writes a video of 1080x1920 pixels; decodes, segments, draws and encodes it
stage by stage and then as `segment` does, with label images: once at full size
and once with frames made smaller for the model, whose labels have the full
size. In each round all take turns in a random order. Takes
about fifteen seconds a round on one core.
"""

import functools
import json
import os
import pathlib
import statistics
import tempfile

from accel_tf.recipes.benchmarks.frames import read_frames, time_part
from accel_tf.recipes.benchmarks.rounds import in_milliseconds, take_rounds
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.option_types import at_least, file_to_write

# The measuring parts need TensorFlow, which takes seconds to import: not for
# a mistake in the options.

FULL_SIZE, SMALL_SIZE = (1080, 1920), (360, 640)
INTERVAL = 5
CONDITIONS = (
    "Milliseconds a frame; before the start the load average was {load:.1f}, "
    "and the model has {threads} thread(s)."
)


def main(arguments=None):
    """Measures, prints a table and writes a JSON file."""
    options = read_options(arguments)
    from accel_tf.files import write_text
    from accel_tf.recipes.common.speed_tables import format_segment

    results = measure(options)
    print(format_segment(results))
    if options.out is not None:
        write_text(options.out, json.dumps(results, indent=1) + "\n")


def read_options(arguments):
    """The command line, checked."""
    parser = make_parser(__file__, __doc__)
    add = parser.add_argument
    add("--model", default="accel_tiny", help="preset (default: %(default)s)")
    add("--frames", type=at_least(2), default=24, help="(default: %(default)s)")
    add("--rounds", type=at_least(1), default=5, help="(default: %(default)s)")
    add("--threads", type=at_least(1), default=1, help="(default: %(default)s)")
    add("--out", type=file_to_write, help="JSON file; else only a table")
    return parser.parse_args(arguments)


def measure(options):
    """Everything, as `format_segment` takes it."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    import keras

    import accel_tf
    from accel_tf.benchmark.devices import describe_machine

    load = os.getloadavg()[0]
    keras.utils.set_random_seed(0)
    model = accel_tf.fuse_for_inference(accel_tf.from_preset(options.model))
    with tempfile.TemporaryDirectory() as folder:
        stages = make_stages(
            model, pathlib.Path(folder), FULL_SIZE, SMALL_SIZE, options.frames
        )
        rounds = take_rounds(
            {
                name: functools.partial(time_part, stage, 1, options.frames)
                for name, stage in stages.items()
            },
            options.rounds,
        )
    times = {name: [each[name] for each in rounds] for name in stages}
    return {
        "machine": describe_machine("tensorflow", "keras"),
        "conditions": CONDITIONS.format(load=load, threads=options.threads),
        "model": options.model,
        "size": text(FULL_SIZE),
        "small_size": text(SMALL_SIZE),
        "interval": INTERVAL,
        "frames": options.frames,
        "rounds": options.rounds,
        "milliseconds": {
            name: in_milliseconds(values) for name, values in times.items()
        },
        "overlap": {
            text(size): overlap(times, size) for size in (FULL_SIZE, SMALL_SIZE)
        },
    }


def make_stages(model, folder, full_size, small_size, count):
    """Functions without arguments by name; each has run once."""
    import accel_tf
    from accel_tf.segment import segment_stream
    from accel_tf.segmentation.frames import wanted_frames
    from accel_tf.video import LabelWriter, VideoWriter, open_video
    from accel_tf.visualize import overlay

    source, target = folder / "source.mp4", folder / "target.mp4"
    numbers = iter(range(10**9))
    frames = read_frames(None, full_size, count)
    read = {}
    stream = accel_tf.VideoStream(model, accel_tf.FixedInterval(INTERVAL))
    labels = []

    def encode(path=target):
        with VideoWriter(path, *full_size, 25.0) as writer:
            for frame in frames:
                writer.write(frame)

    def decode(size):
        with open_video(source) as video:
            read[size] = [each.resized for each in wanted_frames(video, size)]
        assert len(read[size]) == count

    def segment(size):
        stream.reset_state()
        labels[:] = [
            stream(frame[None], size=full_size)[0] for frame in read[size]
        ]

    def draw():
        for frame, label in zip(frames, drawn, strict=True):
            overlay(frame, label, model.label_map)

    def write_labels():
        with LabelWriter(folder / str(next(numbers)), model.label_map) as write:
            for label in drawn:
                write.write(label)

    def whole(size):
        stream.reset_state()
        segment_stream(
            stream,
            model.label_map,
            source,
            target,
            labels=folder / str(next(numbers)),
            progress=False,
            size=size,
        )

    encode(source)
    decode(full_size)
    segment(full_size)
    drawn = list(labels)
    stages = {
        "drawing": draw,
        "encoding": encode,
        "label images": write_labels,
    }
    for size in (full_size, small_size):
        stages[f"decoding, {text(size)}"] = lambda size=size: decode(size)
        stages[f"model, {text(size)}"] = lambda size=size: segment(size)
        stages[f"whole path, {text(size)}"] = lambda size=size: whole(size)
    for stage in stages.values():
        stage()
    return stages


def overlap(times, size):
    """What the whole path takes of its slowest stage and of all in turn."""
    names = f"decoding, {text(size)}", f"model, {text(size)}"
    names = *names, "drawing", "encoding", "label images"
    of_slowest, of_sum = [], []
    for number, (_, whole) in enumerate(times[f"whole path, {text(size)}"]):
        stages = [times[name][number][1] for name in names]
        of_slowest.append(whole / max(stages))
        of_sum.append(whole / sum(stages))
    return {
        "of_the_slowest_stage": statistics.median(of_slowest),
        "of_all_stages_in_turn": statistics.median(of_sum),
    }


def text(size):
    return "{}x{}".format(*size)


if __name__ == "__main__":
    run(main)
