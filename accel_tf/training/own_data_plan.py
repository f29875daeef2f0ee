"""How a model is trained on one's own data, where nothing else is said."""

import dataclasses
import math

import keras

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.sequences import frame_size
from accel_tf.training.configs import FlowConfig, SegmentationConfig
from accel_tf.training.own_data_set import NAME
from accel_tf.training.settings import override
from accel_tf.training.stages import FLOW, FUSION, REFERENCE, UPDATE

INTERVAL = 5
"""Frames from one key frame to the next, in training and validation."""
OF_ALL, OF_FUSION, CARRIED = "all", "fusion", "carried"
_CROP = (240, 320)
_FEWEST, _MOST = 200, 2000  # updates of the reference
_LOOKS = 40  # at each labelled frame
_SCORED = 60  # labelled frames of a validation between two epochs


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """How to train on one's own data.

    Attributes:
        model: preset.
        reference: preset, `hub:NAME` or `.keras` file of a per-frame model
            that the reference starts from; `None` for the preset's own.
        steps: updates of the reference; flow, update and fusion have 3/8, a
            half and a quarter of them. `None` goes by the number of labelled
            frames: each is looked at 40 times, in 200 to 2,000 updates.
        batch_size: clips of an update; twice as many for the update branch.
        crop: `(height, width)`, what an update sees of a frame, in pixels;
            `None` for 240x320, or less where frames are smaller.
        settings: texts "STAGE.KEY=VALUE" that change the configs.
    """

    model: str = "accel_tiny"
    reference: str | None = None
    steps: int | None = None
    batch_size: int = 8
    crop: tuple[int, int] | None = None
    settings: tuple[str, ...] = ()


def stage_configs(plan, names, builder, counts, out, last=OF_ALL):
    """The config of every stage, with the settings that change it.

    Args:
        plan: `Plan`.
        names: of the stages, from `stage_names`.
        builder: of the data set, and
        counts: what is in it, both from `build_own_data`.
        out: `pathlib.Path` of the folder for everything.
        last: what learns in the last stage: `OF_ALL`; `OF_FUSION`, the fusion
            and, if there is one, the update branch; or `CARRIED`, the fusion
            of `Propagated`, where the reference is of another kind than the
            preset's.

    Returns:
        dict of stage -> config, in the order of `names`.

    Raises:
        ValueError: if a setting is wrong or does not fit the frames.
    """
    steps = plan.steps
    if steps is None:
        looks = _LOOKS * counts.train // plan.batch_size
        steps = min(max(looks, _FEWEST), _MOST)
    crop = _crop(plan, frame_size(builder, "train"))
    reference = SegmentationConfig(
        data=NAME,
        data_dir=str(out / "data"),
        out=str(out / REFERENCE),
        model=_file_name(plan.model, names, REFERENCE),
        # Part of the run: it does not go on from another one.
        reference=plan.reference,
        augmentation=Augmentation(
            crop=crop, flip=True, scale=(0.75, 1.5), color=0.2
        ),
        batch_size=plan.batch_size,
        **_lengths(steps),
        optimizer="adam",
        learning_rate=2e-3,
        schedule="cosine",
        decay=0.0,
        clip_norm=5.0,
        class_weight_power=-0.35,
        class_weight_floor=3e-3,
        # In one operation, on the one backend that has it.
        fused_normalization=keras.backend.backend() == "tensorflow",
        validation_split="validation" if counts.validation else None,
        validation_interval=INTERVAL,
        validation_limit=_limit(builder, counts),
    )
    update = dataclasses.replace(
        reference,
        out=str(out / UPDATE),
        reference=None,
        model=_file_name(plan.model, names, UPDATE),
        batch_size=2 * plan.batch_size,
        **_lengths(steps // 2),
    )
    configs = {
        REFERENCE: reference,
        FLOW: _flow(reference, plan, counts, steps, out),
        UPDATE: update,
        FUSION: _fusion(reference, plan, names, counts, steps, out, last),
    }
    return _changed({name: configs[name] for name in names}, plan.settings)


def _flow(reference, plan, counts, steps, out):
    """By the clips' own motion; of stills, by that of a simulated camera."""
    is_video = counts.clips > 0
    shared = {
        field.name: getattr(reference, field.name)
        for field in dataclasses.fields(FlowConfig)
        if hasattr(reference, field.name)
        and field.name not in ("weights", "spacing", "mixed_in")
    }
    return FlowConfig(
        **{
            **shared,
            **_lengths(steps * 3 // 8),
            "out": str(out / FLOW),
            "model": plan.model,
            "objective": "photometric" if is_video else "stills",
            "learning_rate": 5e-4,
            "augmentation": dataclasses.replace(
                reference.augmentation,
                scale=(1.0, 1.5),
                camera_motion=0.0 if is_video else 1.5,
            ),
        }
    )


def _fusion(reference, plan, names, counts, steps, out, last):
    trainable = ("all",) if last == OF_ALL else ("fusion/*",)
    if last == OF_FUSION and UPDATE in names:
        trainable = ("update_backbone/*", "update_head/*", "fusion/*")
    if last == CARRIED and UPDATE not in names:
        steps = 0  # nothing in it learns
    return dataclasses.replace(
        reference,
        out=str(out / FUSION),
        reference=None,
        model="propagated" if last == CARRIED else plan.model,
        trainable=trainable,
        # An update branch that has just begun is the weaker of the two.
        fusion_start="reference" if len(trainable) > 1 else "model",
        length=INTERVAL,
        augmentation=dataclasses.replace(
            reference.augmentation,
            scale=(1.0, 1.5),
            camera_motion=1.0 if counts.stills else 0.0,
        ),
        learning_rate=2.5e-4 if last == OF_ALL else 1e-3,
        # On key frames alone there is nothing of the fusion to see.
        validation_split=reference.validation_split
        if counts.validation_clips
        else None,
        **_lengths(steps // 4),
    )


def _lengths(steps):
    """Eight epochs, or fewer of 25 updates or more."""
    epochs = min(max(steps // 25, 1), 8)
    return {"steps": steps, "steps_per_epoch": max(1, -(-steps // epochs))}


def _crop(plan, size):
    if plan.crop is None:
        # To a multiple of 16, of which all strides are parts.
        return tuple(
            max(16, min(most, side) // 16 * 16)
            for most, side in zip(_CROP, size, strict=True)
        )
    if plan.crop[0] > size[0] or plan.crop[1] > size[1]:
        raise ValueError(
            f"a crop of {plan.crop[0]}x{plan.crop[1]} does not fit into the "
            f"frames of {size[0]}x{size[1]} (height x width)"
        )
    return plan.crop


def _file_name(model, names, stage):
    return model if len(names) == 1 else f"{model}_{stage}"


def _limit(builder, counts):
    """Sequences of a validation; `None` is all."""
    if counts.validation <= _SCORED:
        return None
    sequences = builder.info.splits["validation"].num_examples
    return math.ceil(sequences * _SCORED / counts.validation)


def _changed(configs, settings):
    for text in settings:
        stage, dot, setting = text.partition(".")
        if stage not in configs or not dot:
            raise ValueError(
                f"--set is STAGE.KEY=VALUE with a stage of "
                f"{', '.join(configs)}, not {text!r}"
            )
        configs[stage] = override(configs[stage], [setting])
    return configs
