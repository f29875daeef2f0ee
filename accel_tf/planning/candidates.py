"""What a plan may recommend: a model in a runtime, at a size."""

import contextlib
import dataclasses
import itertools
import pathlib
import shlex

from accel_tf.models.fuse import fuse_for_inference
from accel_tf.models.per_frame.hub import hub_presets_at_hand
from accel_tf.models.presets import list_presets
from accel_tf.models.propagation import make_flow, propagate, split_flow
from accel_tf.models.restore import RANDOM
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.planning.at_size import AtSize
from accel_tf.runtimes.choices import ALL_PRECISIONS, OF_KERAS, PRECISIONS
from accel_tf.runtimes.kinds import RUNTIMES
from accel_tf.segmentation.options import SegmentOptions
from accel_tf.weights import shipped

TENSORFLOW = "tensorflow"
_PLAIN, _LOWER = "float32", "bfloat16"
_SMALLER = (2 / 3, 1 / 2)
"""Scales that are tried if nothing reaches the rate at the trained one."""
_LEAST_SIDE = 96


@dataclasses.dataclass(frozen=True)
class ModelName:
    """A model as it was named.

    Attributes:
        text: the whole name.
        model: preset or path, as `--model` of `accel-tf segment` takes it.
        weights: tuple of files, as `--weights` takes them.
        flow: as `--propagate` takes it, or `None`.
    """

    text: str
    model: str
    weights: tuple = ()
    flow: str | None = None

    @property
    def is_random(self):
        """Whether its labels mean nothing."""
        return self.weights == (RANDOM,)

    @classmethod
    def parse(cls, text):
        """From `NAME`, `NAME=FILE` or `NAME=FILE=FILE`, with `+FLOW` or not.

        Raises:
            ValueError, OSError, ImportError: one line, if there is no such
                flow, or a preset has no weights.
        """
        name, flow = split_flow(text)
        if flow is not None:
            make_flow(flow)
        weights = []
        if not pathlib.Path(name).exists():
            name, *weights = name.split("=")
        has_some = weights or name in shipped.PARTS
        if name in list_presets("segmenter") and not has_some:
            raise ValueError(
                f"{name} has no weights; give {name}=FILE, or {name}=random "
                "for its times alone."
            )
        return cls(text, name, tuple(weights), flow)


@dataclasses.dataclass(frozen=True)
class Variant:
    """A model in a runtime, at a size.

    Attributes:
        name: `ModelName`.
        runtime: `"tensorflow"` or another, as `--runtime` takes it.
        precision: as `--precision` takes it.
        size: as `--size` takes it, `(height, width)` or `"full"`; `None` for
            the scale that the model was trained at.
        is_saved: whether these are programs of a folder, whose runtime and
            precision need no option.
    """

    name: ModelName
    runtime: str = TENSORFLOW
    precision: str = _PLAIN
    size: tuple | str | None = None
    is_saved: bool = False

    @property
    def outputs(self):
        """What decides the labels, but for rounding."""
        return self.name, self.precision, self.size

    @property
    def title(self):
        """The name for people."""
        title = f"{self.name.text}, {self.runtime}"
        if self.precision != _PLAIN:
            title += f" {self.precision}"
        return (
            title if self.size is None else f"{title}, {size_text(self.size)}"
        )


def size_text(size):
    """`512x1024`, or the text that stands for a size."""
    return size if isinstance(size, str) else "{}x{}".format(*size)


def default_models():
    """Names of the models that see streets and whose weights are at hand."""
    fetched = [x for x in hub_presets_at_hand() if "cityscapes" in x]
    return [*shipped.IN_A_PLAN, *(f"{name}+dis" for name in fetched)]


def installed_runtimes():
    """TensorFlow, and of the other runtimes those that are installed."""
    return [TENSORFLOW, *(x for x in RUNTIMES if x not in missing_runtimes())]


def missing_runtimes():
    """dict of a runtime that is not installed -> what it says of that."""
    missing = {}
    for name, kind in RUNTIMES.items():
        try:
            kind.require_runtime()
            kind.require_converter(_PLAIN)
        except ImportError as error:
            missing[name] = str(error)
    return missing


def check_runtimes(runtimes, precisions):
    """Makes sure that there are such, and that they are installed.

    Raises:
        ValueError, ImportError: one line.
    """
    for name in runtimes:
        if name not in (TENSORFLOW, *RUNTIMES):
            raise ValueError(
                f"no runtime {name!r}; the runtimes are "
                f"{', '.join((TENSORFLOW, *RUNTIMES))}."
            )
        if name != TENSORFLOW:
            RUNTIMES[name].require_runtime()
    for precision in precisions:
        if precision not in ALL_PRECISIONS:
            raise ValueError(
                f"no precision {precision!r}; the precisions are "
                f"{', '.join(ALL_PRECISIONS)}."
            )
        fitting = [x for x in runtimes if precision in _precisions(x)]
        if not fitting:
            raise ValueError(
                f"none of the runtimes {', '.join(runtimes)} has the "
                f"precision {precision}."
            )
        for name in fitting:
            if name != TENSORFLOW:
                RUNTIMES[name].require_converter(precision)


def _precisions(runtime):
    return PRECISIONS.get(runtime, OF_KERAS)


def make_variants(models, runtimes, precisions, sizes, lower=()):
    """Every model in every runtime that can run it, at every size.

    Args:
        models: dict of `ModelName` -> what `form` made of it.
        runtimes, precisions: names.
        sizes: as `Variant.size`.
        lower: those of `models` that `form` can make in bfloat16.

    Returns:
        `(variants, reasons)`: list of `Variant`; dict of those that cannot
        be -> one line why.
    """
    variants, reasons = [], {}
    for (name, model), size in itertools.product(models.items(), sizes):
        if not isinstance(model, VideoSegmenter):  # programs of a folder
            info = model.info
            variants.append(
                Variant(name, info.runtime, info.precision, size, True)
            )
            continue
        for runtime, precision in itertools.product(runtimes, precisions):
            if precision not in _precisions(runtime):
                continue
            variant = Variant(name, runtime, precision, size)
            try:
                if runtime != TENSORFLOW:
                    model.check_exportable()
                if precision == _LOWER and name not in lower:
                    raise ValueError(
                        f"{model.name} has no form for inference in "
                        f"{precision}."
                    )
            except ValueError as error:
                reasons[variant] = str(error)
            else:
                variants.append(variant)
    return variants, reasons


def form(name, model, precision=_PLAIN):
    """What is run of a restored model: propagated, if so named, and fused."""
    if name.flow is not None:
        model = propagate(model, name.flow)
    if isinstance(model, VideoSegmenter):
        model = fuse_for_inference(model, precision)
    return model


def forms(models, in_bfloat16=False):
    """The `form` of restored models, in both precisions that it has.

    Args:
        models: dict of `ModelName` -> restored model.
        in_bfloat16: whether those in bfloat16 are wanted.

    Returns:
        `(plain, lower)`: two dicts of `ModelName` -> form; the second has
        only those that can be in bfloat16.
    """
    plain = {name: form(name, model) for name, model in models.items()}
    lower = {}
    for name, model in models.items():
        if in_bfloat16 and isinstance(model, VideoSegmenter):
            with contextlib.suppress(ValueError):
                lower[name] = form(name, model, _LOWER)
    return plain, lower


def smaller(variant, model, frame_size):
    """The same at smaller sizes, of more than a few pixels.

    Args:
        variant: `Variant`.
        model: what `form` made of it.
        frame_size: `(height, width)` of the video.

    Returns:
        list of `Variant`.
    """
    if variant.is_saved:
        return []
    seen = AtSize(model, SegmentOptions(size=variant.size)).seen_size(
        frame_size
    )
    sizes = [tuple(round(x * scale) for x in seen) for scale in _SMALLER]
    return [
        dataclasses.replace(variant, size=size)
        for size in sizes
        if min(size) >= _LEAST_SIDE
    ]


def command(variant, interval, video, output, threads=None):
    """The complete command line that segments a video so.

    Args:
        variant: `Variant`.
        interval: frames from one key frame to the next; `None` for a model
            without key frames.
        video, output: paths.
        threads: of another runtime than TensorFlow; `None` for its choice.

    Returns:
        str, for a shell.
    """
    name = variant.name
    words = ["accel-tf", "segment", str(video), "--model", name.model]
    for path in name.weights:
        words += ["--weights", path]
    # Every frame a key frame: there is nothing to propagate.
    if name.flow is not None and interval != 1:
        words += ["--propagate", name.flow]
    if interval is not None and (interval != 1 or name.flow is None):
        words += ["--interval", str(interval)]
    words += _runtime_words(variant, video, threads)
    if variant.size is not None:
        words += ["--size", size_text(variant.size)]
    return shlex.join([*words, "--output", str(output)])


def _runtime_words(variant, video, threads):
    words = []
    if variant.runtime != TENSORFLOW:
        if not variant.is_saved:
            words += ["--runtime", variant.runtime]
        if threads is not None:
            words += ["--threads", str(threads)]
    if variant.precision != _PLAIN and not variant.is_saved:
        words += ["--precision", variant.precision]
        if variant.precision == "int8":
            words += ["--calibrate", str(video)]
    return words


def output_name(video):
    """A name for the segmented video, in the folder where one works."""
    return f"{pathlib.Path(video).resolve().stem or 'video'}_segmented.mp4"
