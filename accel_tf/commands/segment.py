"""`accel-tf segment`."""

import contextlib

from accel_tf.commands import (
    fleet_options,
    form_options,
    keyframe_options,
    model_options,
    server_options,
    video_options,
)

EXAMPLE = "drive.mp4 --output out.mp4"


def add_options(parser):
    model_options.add_model(parser)
    model_options.add_num_classes(parser)
    model_options.add_weights(parser)
    form_options.add_options(parser)
    server_options.add_options(parser)
    keyframe_options.add_options(parser)
    keyframe_options.add_cuts(parser)
    keyframe_options.add_steady(parser)
    video_options.add_options(parser)
    group = fleet_options.add_options(parser, fleet_options.OF_VIDEOS)
    fleet_options.add_parts(group)


def run(arguments):
    server_options.check_options(arguments)
    fleet_options.check_options(arguments)
    if arguments.cluster is not None:
        from accel_tf.commands.segment_fleet import run_fleet

        return run_fleet(arguments, local_model)
    from accel_tf.segmentation.inputs import made_folders
    from accel_tf.segmentation.jobs import check_jobs, run_jobs

    options = video_options.given_options(arguments)
    jobs = video_options.given_jobs(arguments)
    with made_folders(jobs):
        good = check_jobs(jobs, options)
        if not good:
            return 1
        with _given_streams(arguments) as (open_stream, label_map, about):
            return run_jobs(
                good, len(jobs), open_stream, label_map, options, about
            )


def _given_streams(arguments):
    """A context manager of what opens the model's streams.

    Wrong options are found here, before the model is loaded.
    """
    if arguments.server is not None:
        from accel_tf.serving.remote_segment import server_streams

        return server_streams(
            arguments.server,
            arguments.model,
            **server_options.given_options(arguments),
        )
    return _local_streams(
        arguments,
        keyframe_options.given_policy(arguments),
        form_options.given_form(arguments),
    )


@contextlib.contextmanager
def _local_streams(arguments, policy, prepare):
    """Loads a model once, for a stream after another."""
    stream, label_map = _stream(arguments, policy, prepare)

    def open_stream():
        stream.reset_state()
        return contextlib.nullcontext(stream)

    yield open_stream, label_map, None


def local_model(arguments):
    """The model that was given, loaded.

    Args:
        arguments: an `argparse.Namespace` with the options of `add_options`.

    Returns:
        `(stream, label_map)`.

    Raises:
        ValueError, OSError, ImportError: one line.
    """
    return _stream(
        arguments,
        keyframe_options.given_policy(arguments),
        form_options.given_form(arguments),
    )


def _stream(arguments, policy, prepare):
    from accel_tf.give_back_memory import give_back_memory
    from accel_tf.messages import tell
    from accel_tf.runtimes.restore import restore_segmenter
    from accel_tf.streaming import VideoStream

    model, message = restore_segmenter(
        arguments.model, arguments.weights, arguments.num_classes
    )
    tell(message)
    keeps_scores = arguments.save_scores is not None
    steady = arguments.steady or False
    if steady is True and arguments.live:
        steady = "live"
    stream = VideoStream(prepare(model), policy, keeps_scores, steady)
    label_map = model.label_map
    del model  # has weights of its own, where that of the stream is fused
    give_back_memory()
    return stream, label_map
