"""Learning on the go, measured: accuracy and bandwidth on changing drives.

    accel-tf recipe distill_ams --out out/ams
    accel-tf recipe distill_ams --drives drawn,highway,dashcam --data DIR \\
        --checkpoint deeplabv3_mnv2_pascal/model.ckpt-30000

Each drive is played to an edge with a server, as `accel-tf distill-edge` and
`distill-server` would do it, but on the clock of the video and over a
simulated link: frames are encoded, the server trains on what it decodes, an
update is used when it has been trained, sent and decoded. The ways of
learning are compared with no adaptation and with one that adapts once. The
student's first weights are trained on the spot: on drawn streets by day for
the drawn drive, on CamVid with stored labels for the real ones.

DIR, for the real drives, holds `highway_960x540_25fps.mp4` and
`dashcam_960x540_25fps.mp4`, `teacher_labels/NAME/` with a label image of
every frame in Cityscapes' train ids, and CamVid's frames in `camvid/train`
with theirs in `teacher_labels/camvid_train`. The real videos are short; they
are played slower. With `--teacher` the server asks that network about the
frames that it decodes, and the student is compared with what it says of the
video's own, larger frames.
"""

import dataclasses
import json
import pathlib

import keras
import tqdm

from accel_tf.benchmark.devices import describe_machine
from accel_tf.checkpoints import load_checkpoint
from accel_tf.checkpoints.keras_files import save_weights
from accel_tf.data.label_maps import CITYSCAPES
from accel_tf.distill.classroom import Classroom, TeachingSettings
from accel_tf.distill.parameter_space import ParameterSpace
from accel_tf.distill.teachers import FunctionTeacher, make_teacher
from accel_tf.files import write_text
from accel_tf.models.presets import from_preset
from accel_tf.recipes.common.command_line import make_parser, run
from accel_tf.recipes.common.drive_pictures import draw_drive, plot_drive
from accel_tf.recipes.common.drive_rows import (
    ONCE_AFTER,
    make_row,
    merge_rows,
    recorded_rows,
    tell_row,
)
from accel_tf.recipes.common.drive_scores import DriveScorer
from accel_tf.recipes.common.drives import (
    drawn_drive,
    drawn_views,
    filmed_drive,
    labelled_stills,
)
from accel_tf.recipes.common.first_student import (
    measure_statistics,
    train_first,
)
from accel_tf.recipes.common.recorded import results_file
from accel_tf.recipes.common.simulated_stream import (
    SimulatedLink,
    SimulatedStream,
)

FAST = "full model, 20 times the link"
"""A way whose updates are megabytes, and which is on time all the same."""
SLOWNESS = {"highway": 8.0, "dashcam": 16.0}


def ways(settings):
    """Name -> `TeachingSettings` of the ways that are compared."""
    change = dataclasses.replace
    once = change(
        settings,
        strategy="full",
        update_period=ONCE_AFTER,
        horizon=ONCE_AFTER,
        # As many iterations as the others have had by then.
        iterations=round(
            settings.iterations * ONCE_AFTER / settings.update_period
        ),
        adapt_rate=False,
    )
    guided = {
        f"AMS, {fraction:.0%}": change(settings, fraction=fraction)
        for fraction in (0.01, 0.05, 0.1, 0.2)
    }
    return {
        "no adaptation": None,
        "one-time": once,
        **guided,
        "AMS, 5%, int8": change(settings, values="int8"),
        "AMS, 5%, frozen statistics": change(settings, statistics="frozen"),
        "AMS, 5%, ranked by the last update": change(
            settings, source="last_update"
        ),
        **{
            f"{strategy}, 5%": change(settings, strategy=strategy)
            for strategy in ("random", "first", "last", "both")
        },
        "full model": change(settings, strategy="full", fraction=1.0),
        FAST: change(settings, strategy="full", fraction=1.0),
    }


def main(arguments=None):
    parser = make_parser(__file__, __doc__)
    parser.add_argument("--out", default="out/ams", metavar="DIR")
    parser.add_argument("--drives", default="drawn", metavar="A,B")
    parser.add_argument("--data", metavar="DIR")
    parser.add_argument("--model", default="deeplab_mobilenet_v2")
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="of another number of classes: all but the last layer is taken",
    )
    parser.add_argument(
        "--teacher",
        metavar="TEACHER",
        help="as of distill-server, for the real drives; by default the "
        "stored labels",
    )
    parser.add_argument("--height", type=int, default=128, metavar="H")
    parser.add_argument("--seconds", type=float, default=200.0, metavar="S")
    parser.add_argument("--first-iterations", type=int, default=400)
    parser.add_argument("--period", type=float, default=10.0, metavar="S")
    parser.add_argument("--horizon", type=float, default=120.0, metavar="S")
    parser.add_argument("--iterations", type=int, default=20, metavar="K")
    parser.add_argument("--batch-size", type=int, default=8, metavar="B")
    parser.add_argument(
        "--phase-seconds",
        type=float,
        default=3.0,
        metavar="S",
        help="what a phase takes on the video's clock; 0: what it takes here",
    )
    parser.add_argument("--kbps", type=float, default=1000.0)
    parser.add_argument("--ways", metavar="A;B", help="only these")
    parser.add_argument(
        "--json", default=results_file("ams.json"), metavar="FILE"
    )
    parser.add_argument(
        "--append",
        action="store_true",
        help="keep the rows of FILE that are not measured anew",
    )
    options = parser.parse_args(arguments)
    if options.drives != "drawn" and not options.data:
        raise ValueError("the real drives need --data DIR")
    if options.teacher and "drawn" in options.drives.split(","):
        raise ValueError("the drawn drive has exact labels and no --teacher")
    out = pathlib.Path(options.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    settings = TeachingSettings(
        height=options.height,
        update_period=options.period,
        horizon=options.horizon,
        iterations=options.iterations,
        batch_size=options.batch_size,
    )
    chosen = ways(settings)
    if options.ways:
        chosen = {name: chosen[name] for name in options.ways.split(";")}
    report = {
        "machine": describe_machine("tensorflow", "keras"),
        "model": options.model,
        "settings": dataclasses.asdict(settings),
        "phase_seconds": options.phase_seconds or None,
        "kbps": options.kbps,
        "once_after": ONCE_AFTER,
        "slowness": SLOWNESS,
        "rows": [],
    }
    kept = recorded_rows(options.json) if options.append else []
    for name in options.drives.split(","):
        drive = _drive(name, options)
        model = _first_student(name, drive, options, out)
        for row in _compare(drive, model, chosen, options, out):
            report["rows"].append(row)
            merged = {**report, "rows": merge_rows(kept, report["rows"])}
            write_text(options.json, json.dumps(merged, indent=1) + "\n")
            print(tell_row(row))
    print(f"Written: {options.json}, and plots in {out}")


# === Drives and first weights ===


def _drive(name, options):
    if name == "drawn":
        return drawn_drive(options.height, options.seconds)
    data = pathlib.Path(options.data)
    if name not in SLOWNESS:
        raise ValueError(
            f"no drive {name}; they are drawn, {', '.join(SLOWNESS)}"
        )
    return filmed_drive(
        data / f"{name}_960x540_25fps.mp4",
        data / "teacher_labels" / name,
        options.height,
        SLOWNESS[name],
        teacher=_live_teacher(CITYSCAPES, options),
    )


def _first_student(name, drive, options, out):
    kind = "drawn" if name == "drawn" else "camvid"
    model = from_preset(
        options.model,
        num_classes=len(drive.label_map),
        label_map=drive.label_map,
    )
    path = out / f"first_{kind}_{options.height}.weights.h5"
    if path.exists():
        print(load_checkpoint(model, path))
        return model
    keras.utils.set_random_seed(0)
    if kind == "drawn":
        frames, labels = drawn_views(options.height, 400)
    else:
        data = pathlib.Path(options.data)
        frames, labels = labelled_stills(
            data / "camvid" / "train",
            data / "teacher_labels" / "camvid_train",
            options.height,
        )
    if options.checkpoint:
        print(load_checkpoint(model, options.checkpoint, skip_last=True))
        measure_statistics(model, frames[:: max(1, len(frames) // 16)])
    loss = train_first(
        model, frames, labels, options.first_iterations, progress=tqdm.tqdm
    )
    print(f"{len(frames)} frames, loss {loss:.3f}")
    save_weights(model, path)
    return model


# === The comparison ===


def _compare(drive, model, chosen, options, out):
    """Yields a row for every way; draws what came out in the end."""
    space = ParameterSpace(model)
    first, rows, curves, seen = space.read(), [], {}, {}
    count = len(drive.times)
    shown = [count * 2 // 5, count * 7 // 10, count - 1]
    teacher = _teacher(drive, options)
    for name, settings in chosen.items():
        space.write(first)
        scorer, log = DriveScorer(model, space, drive, shown), None
        with tqdm.tqdm(total=100, unit=" %", desc=name) as bar:

            def progress(share, bar=bar):
                bar.update(100 * share - bar.n)

            if settings is None:
                scorer.use(first)
                for index in range(count):
                    scorer.add(index)
            else:
                settings = dataclasses.replace(
                    settings, class_indices=tuple(map(int, drive.classes))
                )
                kbps = options.kbps * (20 if name == FAST else 1)
                stream = SimulatedStream(
                    drive,
                    scorer,
                    Classroom(model, teacher, settings),
                    SimulatedLink(options.kbps, kbps),
                    options.phase_seconds or None,
                    most_updates=1 if name == "one-time" else None,
                )
                log = stream.run(progress)
        rows.append(make_row(drive, name, scorer, log))
        if options.teacher:
            rows[-1]["teacher"] = "live"
        curves[name] = scorer.over_time()
        seen[name] = scorer.labels
        yield rows[-1]
    plot_drive(drive, rows, curves, out / f"ams_{drive.name}.png")
    draw_drive(drive, seen, out / f"ams_{drive.name}_overlay.png")


def _teacher(drive, options):
    live = _live_teacher(drive.label_map, options)
    return live or FunctionTeacher(
        lambda frame, number: drive.labels[number], drive.label_map.names
    )


def _live_teacher(label_map, options):
    if options.teacher is None:
        return None
    return make_teacher(options.teacher, label_map.names)[0]


if __name__ == "__main__":
    run(main)
