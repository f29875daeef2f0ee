"""`accel-tf segment --cluster`."""

import functools
import os

from accel_tf.commands import fleet_options, keyframe_options, video_options

# What labels do not depend on, or is there by itself.
_NO_SETTINGS = (
    "inputs output output_dir labels save_scores json part_frames mix_versions"
).split()


def run_fleet(arguments, load):
    """Segments on a cluster.

    Args:
        arguments: an `argparse.Namespace` with the options of
            `accel-tf segment`.
        load: picklable function of such that gives `(stream, label_map)`.

    Returns:
        The exit status.
    """
    _check(arguments)
    from accel_tf.fleet.jobs import OutputFolders, absolute, expand
    from accel_tf.fleet.run import segment_fleet
    from accel_tf.segmentation.outputs import Outputs

    options = video_options.given_options(arguments)
    folders = OutputFolders(
        *map(
            absolute,
            (
                arguments.output_dir,
                arguments.labels,
                arguments.save_scores,
                arguments.json,
            ),
        )
    )
    folders.check()
    if folders.videos is not None:
        # Whether there is such a codec.
        Outputs(os.path.join(os.getcwd(), "video.mp4")).check(
            "", options.codec, options.quality
        )
    sources = expand(arguments.inputs)
    make_pool = fleet_options.given_pool(arguments)
    return segment_fleet(
        sources,
        folders,
        functools.partial(load, fleet_options.for_workers(arguments)),
        options,
        fleet_options.settings_of(
            arguments,
            _NO_SETTINGS,
            outputs=[name for name, at in vars(folders).items() if at],
        ),
        make_pool,
        fleet_options.given_part_frames(arguments),
        fleet_options.given_retries(arguments),
        bool(arguments.mix_versions),
    )


def _check(arguments):
    """Raises `ValueError` for what makes no sense on a cluster."""
    keyframe_options.check_options(arguments)
    reasons = {
        "server": "the workers hold the model",
        "live": "files are no live sources",
        "reconnect": "files are no streams",
        "output": "give --output-dir, which gets a video for each input",
    }
    for name, reason in reasons.items():
        if getattr(arguments, name):
            raise ValueError(f"--{name} does not go with --cluster: {reason}.")
