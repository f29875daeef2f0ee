"""What a training recipe can set."""

import dataclasses
from typing import Literal

from accel_tf.data.augmentation import Augmentation
from accel_tf.data.training_clips import ClipAugmentation, ClipSampling
from accel_tf.training.optimizers import DECAYED
from accel_tf.training.weight_decay import INTENDED

_COUNTS = ("steps_per_epoch", "validation_epochs", "validation_interval")
"""Settings by which something is divided."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Settings of any training.

    Attributes:
        data: data set, `builder` or `builder/configuration`.
        data_dir: where data sets are built; `None` is TFDS' own place.
        split: name of the split to train on.
        out: folder for weights, logs and the state of the training.
        augmentation: what is done to the clips at random.
        batch_size: examples of an update, over all devices and workers.
        steps: updates in all.
        steps_per_epoch: updates between two stored states.
        optimizer: "sgd" (with momentum) or "adam".
        learning_rate: at the start, after the warm-up.
        schedule: "constant", "step", "cosine" or "poly".
        boundaries, factor: of the schedule "step".
        warmup_learning_rate, warmup_steps: another rate for the first
            updates.
        warmup: "constant": that rate for all of them; "linear": evenly from
            that rate to where the schedule is by then; "exponential": from
            that rate up to `learning_rate`, before the schedule starts.
        momentum: of "sgd".
        nesterov: whether "sgd" looks ahead along its momentum.
        decay: weight decay, part of the gradient.
        decayed: patterns of the variables with weight decay; by default
            kernels and the gammas of normalisations.
        multipliers: pattern -> factor to the learning rate.
        clip_norm: greatest norm of the gradient; `None` leaves it.
        trainable: patterns of the variables that learn; "all" for every one.
        frozen: patterns of those that don't, among them.
        seed: of initial weights and data.
        devices: how many to train on; 0 is all of the machine's.
        data_parallel: several devices under JAX.
        precision: Keras' dtype policy.
        fused_normalization: batch normalisation in one operation, faster on
            processors; TensorFlow only.
        profile: `(first, last)` update of the first epoch to record for
            TensorBoard's profiler; `None` records none.
    """

    data: str
    data_dir: str | None = None
    split: str = "train"
    out: str
    augmentation: Augmentation = Augmentation()
    batch_size: int
    steps: int
    steps_per_epoch: int = 500
    optimizer: Literal["sgd", "adam"] = "sgd"
    learning_rate: float
    schedule: Literal["constant", "step", "cosine", "poly"] = "constant"
    boundaries: tuple[int, ...] = ()
    factor: float = 0.1
    warmup_learning_rate: float | None = None
    warmup_steps: int = 0
    warmup: Literal["constant", "linear", "exponential"] = "constant"
    momentum: float = 0.9
    nesterov: bool = False
    decay: float = 5e-4
    decayed: tuple[str, ...] = DECAYED
    multipliers: dict[str, float] = dataclasses.field(default_factory=dict)
    clip_norm: float | None = None
    trainable: tuple[str, ...] = ("all",)
    frozen: tuple[str, ...] = ()
    seed: int = 0
    devices: int = 0
    data_parallel: bool = False
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    fused_normalization: bool = False
    profile: tuple[int, int] | None = None

    def __post_init__(self):
        for name in _COUNTS:
            value = getattr(self, name, 1)
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SegmentationConfig(TrainingConfig):
    """Settings of a training of a segmenter.

    Attributes:
        model: name of the preset.
        weights: files to start from, each laid over those before it:
            `.weights.h5`, `.keras` or official checkpoints. Without any, the
            start is random.
        skip_last: whether the last layer starts at random all the same, so
            that official `weights` may be for other classes.
        imagenet: file of ImageNet weights for the backbone of a per-frame
            model.
        backbone: `.keras` file of a per-frame model of any classes, with
            whose backbone a per-frame model starts.
        reference, flow, update: `.keras` files of parts that were trained by
            themselves, of which `train_dff` and `train_accel` make their
            model instead of `weights`.
        fusion_start: initial values of Accel's fusion: "paper", "model" for
            the library's own, or "reference" for Deep Feature Flow; see
            `reset_fusion`.
        length: frames of a clip; the first is the key frame.
        spacing: frames from one frame of the clip to the next, or
            `(least, most)` to draw from.
        spacing_per_frame: draws every spacing of a clip by itself.
        loss: one of `accel_tf.training.loss_by_name.LOSSES`:
            "cross_entropy", "ohem", "focal", "dice", "lovasz"; or a sum such
            as "cross_entropy+dice".
        class_weight_power: pixels are weighed by the frequency of their
            class to this power; 0 is no weighing, -0.5 is strong. For losses
            with a cross entropy in them.
        class_weight_floor: a class is taken to be at least this frequent.
        mixed_in: data set -> share of the clips that are from it; the others
            are from `data`, whose classes of the same names its labels get.
        validation_split: `None` does not validate.
        validation_interval: key-frame interval of the validation.
        validation_limit: sequences of it; `None` is all.
        validation_epochs: epochs between two validations.
    """

    model: str
    weights: tuple[str, ...] = ()
    skip_last: bool = False
    imagenet: str | None = None
    backbone: str | None = None
    reference: str | None = None
    flow: str | None = None
    update: str | None = None
    fusion_start: Literal["paper", "model", "reference"] = "model"
    length: int = 1
    spacing: int | tuple[int, int] = 1
    spacing_per_frame: bool = False
    loss: str = "cross_entropy"
    class_weight_power: float = 0.0
    class_weight_floor: float = 1e-6
    mixed_in: dict[str, float] = dataclasses.field(default_factory=dict)
    validation_split: str | None = "validation"
    validation_interval: int = 5
    validation_limit: int | None = None
    validation_epochs: int = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class TDNetConfig(SegmentationConfig):
    """Settings of a training of TDNet.

    Attributes:
        pspnet: preset of the PSPNet with which every path starts; `None`
            starts at random, or with `weights`.
        pspnet_weights: its file, `.keras` or official.
        values_start: what `start_from_pspnet` does with the values, "paper"
            or "features".
        teacher: preset of the PSPNet to learn from; `None` learns from the
            labels alone.
        teacher_weights: its file, `.keras` or official.
    """

    pspnet: str | None = None
    pspnet_weights: str | None = None
    values_start: Literal["paper", "features"] = "paper"
    teacher: str | None = None
    teacher_weights: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class FlowConfig(TrainingConfig):
    """Settings of a training of a flow network.

    Attributes:
        model: preset whose flow network is trained, or "small", the network
            that comes with the package.
        weights: `.keras` file of a flow network to start from, or `None`.
        objective: "supervised" by the data set's true flow; "stills": true
            flow of single frames under a simulated camera; "photometric":
            none needed, the warped frame must look like the current one;
            "taught": by the flow that OpenCV's dense inverse search finds.
        examples: of "taught", how many there are; see `taught_dataset`.
        spacing: of "taught", `(least, most)` frames from one to the next.
        stills: of "taught", share of the examples that are single frames
            of `data` under a simulated camera instead.
        mixed_in: of "taught", data sets with true flow -> share of the
            examples that are from it.
    """

    model: str
    weights: str | None = None
    objective: Literal["supervised", "stills", "photometric", "taught"] = (
        "supervised"
    )
    examples: int = 3000
    spacing: tuple[int, int] = (1, 3)
    stills: float = 0.0
    mixed_in: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassifierConfig(TrainingConfig):
    """Settings of a training of a clip classifier.

    `decayed` may also be `"intended"` (the default) or `"published"`; see
    `accel_tf.training.weight_decay.decayed_patterns`.

    Attributes:
        augmentation: the sizes of the frames, and how they are cropped and
            mirrored; `crop` is the network's `crop_size`. No `flip` where
            classes tell left from right.
        sampling: how many frames a clip has, and which of the video.
        model: name of the preset.
        weights: files to start from, `.weights.h5`, `.keras` or official;
            without any the start is random.
        skip_last: whether the last layer starts at random all the same, so
            that official `weights` may be for other classes.
        causal: whether frames see those before them only, for live video.
        channel_order: in which the network sees colours, "rgb" or "bgr".
        dropout: share of the last hidden outputs that training leaves out.
        single_frame: whether every clip is its frame in the middle,
            repeated: how much can be told without motion?
        precise_batches: batches of which batch normalisation takes its
            statistics before a validation, and for what is kept; 0 leaves
            the moving ones.
        validation_split: `None` does not validate.
        validation_views, validation_crops: of each video of the validation.
        validation_size: what the short side of its frames is brought to;
            `None` is the crop's side.
        validation_limit: videos of it; `None` is all.
        validation_epochs: epochs between two validations.
    """

    augmentation: ClipAugmentation = ClipAugmentation()
    sampling: ClipSampling = ClipSampling()
    model: str
    weights: tuple[str, ...] = ()
    skip_last: bool = False
    causal: bool = False
    channel_order: Literal["rgb", "bgr"] = "rgb"
    dropout: float = 0.5
    single_frame: bool = False
    nesterov: bool = True
    decay: float = 5e-5
    decayed: tuple[str, ...] = (INTENDED,)
    precise_batches: int = 200
    validation_split: str | None = "validation"
    validation_views: int = 1
    validation_crops: int = 1
    validation_size: int | None = None
    validation_limit: int | None = None
    validation_epochs: int = 1
