r"""Learns to carry a model's labels through your own videos, without labels.

    accel-tf recipe distill_update \
        --reference hub:segformer_b2_cityscapes_1024 \
        --videos drives/*.mp4 --out out/own

The reference, a per-frame model, labels frames of the videos. From them
learn a flow network (by the photometric loss, starting from dff_tiny's), a
light update branch and the fusion of both; the result is one file:

    accel-tf segment drive.mp4 --model out/own/propagated.keras \
        --interval 5 --output out.mp4

In the end labels of frames that were held back are compared with the
reference's own: carried along DIS, which needs no training, along the flow,
and with the update branch. If that makes them worse, the file is without it,
and a line says so. Give five videos or more, and whole ones are held back.

`--set STAGE.KEY=VALUE` changes a setting of a stage: flow, update or fusion
(recipes/configs/video_flow.py, own_update.py, own_fusion.py). A stage that is
finished is not run again, and one that was stopped goes on.
"""

import dataclasses
import pathlib
import shutil

import tqdm

from accel_tf import optional
from accel_tf.data.build_data import build_data
from accel_tf.evaluation import evaluate_together
from accel_tf.files import write_text
from accel_tf.models.fuse import fuse_for_inference
from accel_tf.models.keras_files import load_keras_model, save_model
from accel_tf.models.propagation import Propagated, make_flow, propagate
from accel_tf.models.restore import restore_model
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.recipes.common.command_line import (
    load_config,
    make_parser,
    run,
)
from accel_tf.recipes.common.held_back import parts_of, read_clips
from accel_tf.recipes.common.initial_model import preset_model
from accel_tf.recipes.common.stages import settings_of
from accel_tf.streaming import VideoStream
from accel_tf.training.recipe import train_flow_network, train_segmenter
from accel_tf.training.settings import override
from accel_tf.video import open_video

CONFIGS = {
    "flow": "video_flow",
    "update": "own_update",
    "fusion": "own_fusion",
}
DATA = "video_folder/own"


def main(arguments=None):
    options = _parser().parse_args(arguments)
    out = pathlib.Path(options.out).resolve()
    configs = _configs(out, options.set)
    reference, message = restore_model(
        options.reference, options.reference_weights
    )
    print(message)
    # What cannot be stored in the end is refused in the beginning.
    reference.check_exportable()
    folder = out / "frames_and_labels"
    if not (folder / "classes.txt").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _label(reference, options, folder)
    settings = [
        f"name={DATA.partition('/')[2]}",
        f"window={configs['fusion'].length}",
    ]
    print(build_data("video_folder", out / "data", folder, settings=settings))

    flow = options.flow or train_flow_network(configs["flow"])
    path = train_segmenter(
        configs["update"],
        lambda config, label_map: preset_model(
            config, label_map, VideoSegmenter
        ),
    )
    update = load_keras_model(path)
    path = train_segmenter(
        configs["fusion"],
        lambda config, label_map: Propagated(
            reference, make_flow(flow), update, name=config.model
        ),
    )
    result = out / "propagated.keras"
    save_model(
        _better(
            Propagated(reference, make_flow(flow), name="propagated"),
            load_keras_model(path, Propagated),
            read_clips(folder / "validation"),
        ),
        result,
    )
    print(f"Written: {result}")


def _better(without, whole, clips, interval=5):
    """The one of two models whose labels agree more with the reference's."""
    models = {
        "carried by dis": propagate(without.segmenter, "dis"),
        "along the flow": without,
        "with the update branch": whole,
    }
    found = evaluate_together(
        [(model, interval) for model in models.values()], clips, "stream"
    )
    print(f"Agreement with the reference at interval {interval}, held back:")
    for name, scores in zip(models, found, strict=True):
        print(
            f"  {name}: {scores.pixel_accuracy:.1%} of the pixels, mean IoU "
            f"{scores.mean_iou:.1%}"
        )
    dis, flow, update = (scores.pixel_accuracy for scores in found)
    if max(flow, update) < dis:
        print("--propagate dis, without any training, is better than both.")
    if update >= flow:
        return whole
    print("The update branch makes it worse, and is left out.")
    return without


def _parser():
    parser = make_parser(__file__, __doc__)
    add = parser.add_argument
    add(
        "--reference",
        required=True,
        metavar="NAME",
        help="per-frame model: a preset, hub:NAME or a .keras file",
    )
    add(
        "--reference-weights",
        action="append",
        default=[],
        metavar="FILE",
        help="its weights, as --weights of accel-tf segment",
    )
    add("--videos", required=True, nargs="+", metavar="FILE")
    add("--out", default="out/own", metavar="DIR")
    add(
        "--flow",
        metavar="FLOW",
        help="a flow to keep, such as small or dis, rather than train one",
    )
    add(
        "--every",
        type=int,
        default=5,
        metavar="N",
        help="frames from one labelled frame to the next (default: 5)",
    )
    add(
        "--width",
        type=int,
        default=640,
        metavar="PIXELS",
        help="of the frames that are stored, if they are wider (default: 640)",
    )
    add(
        "--validation",
        type=float,
        default=0.1,
        metavar="SHARE",
        help="of the videos that is held back, whole ones of five or more, "
        "else the end of each (default: .1)",
    )
    add("--set", action="append", default=[], metavar="STAGE.KEY=VALUE")
    return parser


def _configs(out, settings):
    """The config of every stage."""
    changes = settings_of(settings, CONFIGS)
    configs = {}
    for stage, name in CONFIGS.items():
        config = load_config(name)
        config = dataclasses.replace(
            config,
            data=DATA,
            data_dir=str(out / "data"),
            out=str(out / stage),
        )
        configs[stage] = override(
            config, [f"{key}={value}" for key, value in changes[stage].items()]
        )
    return configs


def _label(reference, options, folder):
    """Frames of all videos, with the reference's labels for some of them."""
    if options.every < 1 or not 0 < options.validation < 1:
        raise ValueError("--every must be 1 or more, --validation 0 to 1.")
    stream = VideoStream(fuse_for_inference(reference))
    used = set()
    for number, source in enumerate(options.videos):
        name = pathlib.Path(source).stem
        while name in used:
            name += "_"
        used.add(name)
        with open_video(source) as video:
            frames = [_resized(x, options.width) for x in video]
        parts = parts_of(
            number, len(options.videos), len(frames), options.validation
        )
        first, end = parts.get("train", (0, len(frames)))
        if end - first < options.every:
            raise ValueError(f"{source} has {len(frames)} frames: too few.")
        for split, (first, end) in parts.items():
            clip = folder / split / name
            for part in ("frames", "labels"):
                (clip / part).mkdir(parents=True)
            for index in tqdm.trange(first, end, desc=f"{name}, {split}"):
                _write(clip / "frames" / f"{index:06d}.jpg", frames[index])
                if (end - 1 - index) % options.every == 0:
                    labels = stream(frames[index][None])[0]
                    _write(clip / "labels" / f"{index:06d}.png", labels)
    label_map = reference.label_map
    lines = [
        f"{name} {r} {g} {b}"
        for name, (r, g, b) in zip(
            label_map.names, label_map.colors, strict=True
        )
    ]
    # Last, for it says that everything is there.
    write_text(folder / "classes.txt", "\n".join(lines) + "\n")


def _resized(frame, width):
    if frame.shape[1] <= width:
        return frame
    cv2 = optional.cv2()
    height = round(frame.shape[0] * width / frame.shape[1])
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)


def _write(path, image):
    cv2 = optional.cv2()
    if image.ndim == 3:
        image = image[..., ::-1]
    quality = [cv2.IMWRITE_JPEG_QUALITY, 93] if path.suffix == ".jpg" else []
    if not cv2.imwrite(str(path), image, quality):
        raise OSError(f"{path} cannot be written.")


if __name__ == "__main__":
    run(main)
