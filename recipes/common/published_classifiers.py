"""The published schedules of X3D and VoV3D, which several configs share."""

from accel_tf.data.training_clips import ClipAugmentation, ClipSampling
from accel_tf.training.configs import ClassifierConfig

# Videos of the training splits; of Kinetics, whose videos vanish, about so
# many are left. Set it to what your copy has.
KINETICS_400 = 240_000
SOMETHING_SOMETHING = {"v1": 86_017, "v2": 168_913}


def kinetics_config(model, batch_size, learning_rate, **changes):
    """256 epochs of Kinetics-400, 16 frames, every fifth of them.

    Args:
        model: preset.
        batch_size: clips of an update, over all devices.
        learning_rate: after the warm-up of 35 epochs.
        **changes: other settings of `ClassifierConfig`.
    """
    return _published(
        KINETICS_400 // batch_size,
        256,
        35,
        data="kinetics400",
        out=f"out/kinetics400/{model}",
        model=model,
        batch_size=batch_size,
        learning_rate=learning_rate,
        **changes,
    )


def something_config(version, model, frames, **changes):
    """100 epochs of Something-Something, one frame of each segment.

    Args:
        version: "v1" or "v2".
        model: preset.
        frames: of a clip.
        **changes: other settings of `ClassifierConfig`.
    """
    settings = {
        "data": f"something_something/{version}",
        "out": f"out/something_{version}/{model}_{frames}",
        "model": model,
        "batch_size": 64,
        "learning_rate": 0.1,
        "sampling": ClipSampling(frames, step=None),
        "augmentation": ClipAugmentation(flip=False, inverse=True),
        **changes,
    }
    per_epoch = SOMETHING_SOMETHING[version] // settings["batch_size"]
    return _published(per_epoch, 100, 1, **settings)


def fine_tuning_config(version, model):
    """50 epochs of Something-Something from weights of Kinetics-400.

    Args:
        version, model: as of `something_config`.
    """
    per_epoch = SOMETHING_SOMETHING[version] // 64
    return ClassifierConfig(
        data=f"something_something/{version}",
        out=f"out/something_{version}/{model}_32_from_kinetics",
        model=model,
        skip_last=True,
        batch_size=64,
        steps=50 * per_epoch,
        steps_per_epoch=per_epoch,
        learning_rate=0.05,
        schedule="step",
        boundaries=(35 * per_epoch, 45 * per_epoch),
        warmup="linear",
        warmup_learning_rate=1e-4,
        warmup_steps=round(0.19 * per_epoch),
        decayed=("published",),
        sampling=ClipSampling(32, step=None),
        augmentation=ClipAugmentation(flip=False, inverse=True),
        validation_size=256,
    )


def _published(per_epoch, epochs, warmup_epochs, **settings):
    return ClassifierConfig(
        **{
            "steps": epochs * per_epoch,
            "steps_per_epoch": per_epoch,
            "schedule": "cosine",
            "warmup": "linear",
            "warmup_learning_rate": 0.01,
            "warmup_steps": warmup_epochs * per_epoch,
            "decayed": ("published",),
            "validation_size": 256,
            **settings,
        }
    )
