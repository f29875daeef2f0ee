"""Does a classifier of clips see motion? The same network with and without.

    accel-tf build-data synthetic_motion/small_32 --data-dir data
    accel-tf recipe compare_motion --data-dir data --out out/motion

Trains what the config `synthetic_motion` says twice: on clips, and on clips
of their middle frame alone, repeated. No single frame tells the classes
apart, so the second must stay at chance. Scores are of the whole validation
split. Records scores and cost in `synthetic_motion.json`.
"""

import dataclasses
import json
import pathlib
import time

from accel_tf.recipes.common.command_line import (
    load_config,
    make_parser,
    run,
)
from accel_tf.recipes.common.recorded import results_file

WAYS = {"clips": False, "single frames": True}
"""What is trained -> whether it sees single frames only."""


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--data-dir", metavar="DIR")
    parser.add_argument("--out", default="out/motion", metavar="DIR")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="changes a setting of both trainings",
    )
    parser.add_argument(
        "--json", default=results_file("synthetic_motion.json"), metavar="FILE"
    )
    options = parser.parse_args(arguments)
    from accel_tf.benchmark.devices import describe_machine
    from accel_tf.files import write_text
    from accel_tf.training.settings import as_dict, override

    config = dataclasses.replace(
        load_config("synthetic_motion"), data_dir=options.data_dir
    )
    config = override(config, options.set)
    rows = []
    for name, single in WAYS.items():
        out = pathlib.Path(options.out) / name.replace(" ", "_")
        rows.append(
            {
                "trained_on": name,
                **_row(
                    dataclasses.replace(
                        config, single_frame=single, out=str(out)
                    )
                ),
            }
        )
        print(f"{name}: top-1 {rows[-1]['top_1']:.1%}", flush=True)
    settings = as_dict(config)
    for key in ("data_dir", "out", "single_frame"):
        del settings[key]
    report = {"machine": describe_machine(), "config": settings, "rows": rows}
    write_text(options.json, json.dumps(report, indent=1) + "\n")


def _row(config):
    """Trains, and scores what came out on all clips of the validation."""
    from accel_tf.evaluation.classification import evaluate_classifier
    from accel_tf.models.clip_classifier import ClipClassifier
    from accel_tf.models.keras_files import load_keras_model
    from accel_tf.training.classifier_recipe import (
        train_classifier,
        validation_videos,
    )

    processor = time.process_time()
    path = train_classifier(config, verbose=2)
    processor = time.process_time() - processor
    model = load_keras_model(path, ClipClassifier)
    whole = dataclasses.replace(config, validation_limit=None)
    found = evaluate_classifier(model, validation_videos(whole)())
    history = json.loads(
        (pathlib.Path(config.out) / "history.json").read_text()
    )
    return {
        "steps": config.steps,
        "clips": config.steps * config.batch_size,
        "seconds": round(sum(logs["seconds"] for logs in history)),
        "processor_seconds": round(processor),
        "parameters": model.count_params(),
        "chance": round(1 / model.num_classes, 4),
        "history": [
            {key: round(value, 4) for key, value in logs.items()}
            for logs in history
        ],
        **found.as_dict(model.class_names),
    }


if __name__ == "__main__":
    run(main)
