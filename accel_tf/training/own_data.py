"""Training of a model on one's own frames, from files to a `.keras` file."""

import itertools
import pathlib
import shutil

import numpy as np

from accel_tf import optional
from accel_tf.data.dataset_labels import label_map_of
from accel_tf.data.sequences import read_sequences
from accel_tf.files import read_json, replacing
from accel_tf.messages import tell
from accel_tf.models.keras_files import load_keras_model
from accel_tf.models.presets import from_preset
from accel_tf.models.restore import restore_model
from accel_tf.training.kept_models import SCORE
from accel_tf.training.own_data_plan import (
    CARRIED,
    INTERVAL,
    OF_ALL,
    OF_FUSION,
    Plan,
    stage_configs,
)
from accel_tf.training.own_data_set import build_own_data
from accel_tf.training.stages import (
    FLOW,
    REFERENCE,
    UPDATE,
    Stages,
    layout,
    stage_names,
)
from accel_tf.training.summaries import clip_pictures
from accel_tf.training.transfer import copy_weights, with_classes
from accel_tf.visualize import write_picture
from accel_tf.weights import shipped

_SHOWN = 3  # sequences in the picture


def train_on_own_data(own, out, plan=None):
    """Trains a model on one's own data, or goes on with it.

        from accel_tf.training.own_data import train_on_own_data
        from accel_tf.training.own_data_set import OwnData

        train_on_own_data(OwnData(data="my_data"), "out/my_model")

    Leaves in `out`: the model, `<preset>.keras`; `overlay.png`, what it sees;
    the data set; and a folder for each stage, with its best and its last
    model, its config and `logs` for TensorBoard.

    Args:
        own: `OwnData`.
        out: folder.
        plan: `Plan`; `None` for the default one.

    Returns:
        The path of the model.

    Raises:
        ValueError, OSError, ImportError: one line, if something in the
            arguments, the files or `out` is wrong.
    """
    plan, out = plan or Plan(), pathlib.Path(out)
    # What is missing should be said before the work, not after it.
    optional.cv2(), optional.matplotlib_pyplot()
    new = from_preset(plan.model, num_classes=2)
    names = stage_names(new)
    last = OF_FUSION if hasattr(new, "fusion") else OF_ALL
    if plan.reference is not None and FLOW not in names:
        raise ValueError(
            f"{plan.model} has no reference branch to start from "
            f"{plan.reference}; --model names one along the optical flow"
        )
    builder, counts = build_own_data(own, out)
    label_map = label_map_of(builder)
    tell(_describe(counts, label_map))
    given = None
    if plan.reference is not None:
        given = _given(plan.reference)
        made, _ = given(label_map)
        kind = from_preset(plan.model, num_classes=len(label_map))
        if layout(made) != layout(kind.reference_segmenter()):
            last = CARRIED
            # What cannot be stored in the end is refused in the beginning.
            made.check_exportable()
    configs = stage_configs(plan, names, builder, counts, out, last)
    stages = Stages(plan.model, configs, _start(plan.model), given)
    trained = stages.run()
    path = out / f"{configs[names[-1]].model}.keras"
    with replacing(path) as partial:
        shutil.copy(trained, partial)
    model = load_keras_model(path)
    _draw(model, builder, out / "overlay.png")
    for stage in names:
        _tell_score(stage, configs[stage])
    tell(f"What it sees: {out / 'overlay.png'}")
    print(f"Written: {path}\n\n  {_segment_line(own, model, path)}")
    return path


def _describe(counts, label_map):
    kinds = []
    if counts.clips:
        kinds.append(f"{counts.clips} clips")
    if counts.stills:
        kinds.append(f"{counts.stills} single pictures")
    names = ", ".join(label_map.names)
    return (
        f"{counts.train} labelled frames to train on ({', '.join(kinds)}), "
        f"{counts.validation} to validate on; {len(label_map)} classes: {names}"
    )


# === First weights ===


def _start(preset):
    """What gives the networks of a preset the weights of the package."""
    if preset not in shipped.PARTS:
        tell(
            f"{preset} comes without weights: it starts at random. ImageNet's "
            "for a backbone: --set reference.imagenet=FILE"
        )
        return None
    source = shipped.default_model(preset)

    def start(stage, network):
        if stage == FLOW:
            network.set_weights(source.flow_network.get_weights())
            return "starts from the weights of the package"
        part = source
        if hasattr(source, "flow_network"):
            part = {
                REFERENCE: source.reference_segmenter,
                UPDATE: getattr(source, "update_segmenter", None),
            }[stage]()
        shared = copy_weights(part, network)
        return _describe_start("the package", shared, network)

    return start


def _given(name):
    """Of the label map: the given reference, and a line about it."""

    def make(label_map):
        model, _ = restore_model(name)
        model, shared = with_classes(model, label_map)
        return model, _describe_start(name, shared, model)

    return make


def _describe_start(source, shared, model):
    text = f"starts from the weights of {source}: "
    if len(shared) == model.num_classes:
        return f"{text}all classes are known"
    if shared:
        return f"{text}known are {', '.join(shared)}; the other classes are new"
    return f"{text}the features; all classes are new"


# === What is shown in the end ===


def _tell_score(stage, config):
    path = pathlib.Path(config.out) / "history.json"
    if not path.exists():
        return
    scores = [logs.get(SCORE) for logs in read_json(path)]
    scores = [score for score in scores if score is not None]
    if scores:
        where = ""
        if stage not in (REFERENCE, UPDATE):
            where = f", a key frame every {INTERVAL} frames"
        tell(f"{stage:<9} mean IoU {max(scores):.1%}{where}")


def _draw(model, builder, path):
    """Frames, truth and prediction of some sequences, one below the other."""
    split = "validation" if "validation" in builder.info.splits else "train"
    labelled = (x for x in read_sequences(builder, split) if len(x["labels"]))
    rows = [
        clip_pictures(model, [sequence], INTERVAL)["overlay"]
        for sequence in itertools.islice(labelled, _SHOWN)
    ]
    width = max(row.shape[1] for row in rows)
    rows = [np.pad(x, ((0, 0), (0, width - x.shape[1]), (0, 0))) for x in rows]
    write_picture(path, np.concatenate(rows))


def _segment_line(own, model, path):
    """The command that uses the model."""
    data = pathlib.Path(own.data)
    source = data if data.is_file() else "VIDEO.mp4"
    interval = f" --interval {INTERVAL}" if model.uses_key_frames else ""
    output = path.with_name("segmented.mp4")
    return (
        f"accel-tf segment {source} --model {path}{interval} --output {output}"
    )
