"""From a model to its programs in another runtime."""

import gc
import math

import keras

from accel_tf.data.label_maps import LabelMap
from accel_tf.frame_size import check_least
from accel_tf.messages import one_line
from accel_tf.models.clip_classifier import ClipClassifier
from accel_tf.models.fuse import precision_of
from accel_tf.models.segmenter import VideoSegmenter
from accel_tf.runtimes.calibration import INTERVAL, Calibration, check_frames
from accel_tf.runtimes.classifier import (
    ClassifierInfo,
    ClipProgram,
    RuntimeClassifier,
)
from accel_tf.runtimes.kinds import RUNTIMES
from accel_tf.runtimes.programs import Program, SizePrograms
from accel_tf.runtimes.quantization import Int8Options, Quantization
from accel_tf.runtimes.segmenter import RuntimeInfo, RuntimeSegmenter
from accel_tf.runtimes.tracing import StepTracer, trace_clip


def to_runtime(
    model,
    runtime,
    precision="float32",
    calibration_frames=None,
    threads=None,
    interval=INTERVAL,
    min_agreement=None,
    on_report=None,
):
    """Makes a segmenter or classifier that runs without TensorFlow.

    For a processor without a GPU. Give it what `accel_tf.fuse_for_inference`
    makes of a model: then the programs have fewer operations. They are
    programs of fixed shapes without branches, one for key frames and one for
    others; a model that takes turns, as TDNet, has one for each turn.

    | runtime | precisions | extra |
    |---|---|---|
    | `"openvino"` | `"float32"`, `"bfloat16"`, `"int8"` | `openvino` |
    | `"onnxruntime"` | `"float32"`, `"int8"` | `onnx` |
    | `"litert"` | `"float32"`, `"float16"` | `litert` |

    `"bfloat16"` is for what `accel_tf.fuse_for_inference(model, "bfloat16")`
    makes, whose operations keep their precisions; on processors without
    instructions for it the programs compute in float32, from its weights.
    With `"int8"` convolutions and matrix products are computed in whole
    numbers, whose ranges are those of the calibration frames; warps, the
    samples of deformable convolutions and resizing stay float32. A line on
    stderr tells how many labels are those of float32. `"float16"` stores the
    weights so; activations stay float32.

    Args:
        model: a `VideoSegmenter` or a `ClipClassifier` on the TensorFlow
            backend. Later changes of its weights do not reach programs that
            are made already.
        runtime: see above.
        precision: see above.
        calibration_frames: for int8, which only segmenters have: 10 frames
            or more, in their order, uint8 RGB `[H, W, 3]`, such as will be
            segmented. They are run as streams; frames of another size are
            resized.
        threads: of the processor; by default as the runtime chooses.
        interval: for int8: from one key frame to the next when the
            calibration frames are run, 2 to 10.
        min_agreement: for int8: share of the pixels of the calibration
            frames, above 0 to 1, that have to keep float32's label. Layers
            are kept in float32, those that hurt most first, until it is
            reached.
        on_report: for int8: function that is given an
            `accel_tf.runtimes.Int8Report` for each size of frames, when its
            programs are made.

    Returns:
        `RuntimeSegmenter`, or `RuntimeClassifier` for clips.

    Raises:
        ValueError: if the model, the runtime or the precision is none of
            these, or calibration frames are missing or not wanted; when the
            programs are made, if `min_agreement` is not reached with half
            of the multiply-adds in int8.
        ImportError: if the runtime is not installed.
    """
    check_runtime(runtime, precision, threads)
    _check_form(model, runtime, precision)
    if isinstance(model, ClipClassifier):
        if precision == "int8" or calibration_frames is not None:
            raise ValueError("clip classifiers are not converted to int8.")
        return _to_classifier(model, runtime, precision, threads)
    if not isinstance(model, VideoSegmenter):
        raise ValueError(
            "only a VideoSegmenter or a ClipClassifier can be converted, not "
            f"a {type(model).__name__}."
        )
    model.check_exportable()
    if (precision == "int8") != (calibration_frames is not None):
        raise ValueError(
            "calibration_frames are for int8."
            if precision != "int8"
            else "int8 needs calibration_frames, such as will be segmented."
        )
    int8 = None
    if calibration_frames is not None:
        frames = check_frames(calibration_frames)
        int8 = Int8Options(frames, interval, min_agreement, on_report)
    elif not (min_agreement is None and on_report is None):
        raise ValueError("min_agreement and on_report are for int8.")
    if not (min_agreement is None or 0 < min_agreement <= 1):
        raise ValueError(
            "min_agreement is a share above 0, at most 1, such as 0.99; got "
            f"{min_agreement}."
        )

    def make_programs(height, width):
        check_least((height, width), model)
        tracer = StepTracer(model, height, width)

        def convert(step_kind):
            graph = tracer.trace(step_kind)
            content = _converted(model, graph, runtime, precision)
            program = Program(
                step_kind, graph.inputs, graph.outputs, graph.counters, content
            )
            # TensorFlow's graphs are in circles and hold the weights, too.
            del graph
            gc.collect()
            return program

        def programs(make_program, agreement=None):
            return SizePrograms(
                model.uses_key_frames,
                tracer.initial_state,
                model.multiply_adds(height, width),
                make_program,
                agreement,
            )

        exact = programs(convert)
        if int8 is None:
            return exact
        quantization = Quantization(
            exact,
            lambda: Calibration(
                exact, int8.frames, height, width, int8.interval
            ),
            int8,
            model.label_map.names,
            f"{model.name} for {runtime}",
        )
        return programs(quantization.program, lambda: quantization.agreement)

    return RuntimeSegmenter(
        RuntimeInfo(
            name=model.name,
            runtime=runtime,
            precision=precision,
            uses_key_frames=model.uses_key_frames,
            key_frames_ask_state=model.key_frames_ask_state,
            parameters=_parameters(model),
            label_map=LabelMap.from_config(model.label_map.to_config()),
            trained_size=model.trained_size,
        ),
        make_programs,
        threads=threads,
    )


def _check_form(model, runtime, precision):
    """Makes sure that bfloat16 is that of the form and of the programs."""
    is_low = precision_of(model) == "bfloat16"
    if is_low and precision != "bfloat16":
        raise ValueError(
            f"{model.name} is fused in bfloat16, of which programs in "
            f"{precision} cannot be made; fuse it in float32."
        )
    if precision == "bfloat16" and not is_low:
        raise ValueError(
            f"{runtime} has of bfloat16 what accel_tf.fuse_for_inference("
            f'model, "bfloat16") makes, which {model.name} is not.'
        )


def _to_classifier(model, runtime, precision, threads):
    def make_program(frames, height, width):
        model.check_size(height, width)
        graph = trace_clip(model, frames, height, width)
        return ClipProgram(
            graph.inputs,
            graph.outputs,
            _converted(model, graph, runtime, precision),
            model.multiply_adds(height, width, frames),
        )

    return RuntimeClassifier(
        ClassifierInfo(
            name=model.name,
            runtime=runtime,
            precision=precision,
            parameters=_parameters(model),
            class_names=tuple(model.class_names),
            frames=model.frames,
            crop_size=model.crop_size,
            frame_step=model.frame_step,
        ),
        make_program,
        threads=threads,
    )


def _converted(model, graph, runtime, precision):
    """What the runtime has of a graph, or one line why not."""
    try:
        return RUNTIMES[runtime].convert(graph, precision)
    except Exception as error:
        reason = one_line(error, 300)
        raise ValueError(
            f"{model.name} cannot be converted for {runtime}: {reason}"
        ) from error


def _parameters(model):
    return sum(math.prod(x.shape) for x in model.weights)


def check_runtime(runtime, precision="float32", threads=None):
    """Looks at what does not depend on the model, before that is made.

    Raises:
        ValueError, ImportError: as `to_runtime`.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "a model is converted from Keras on TensorFlow, not on "
            f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow."
        )
    if runtime not in RUNTIMES:
        raise ValueError(
            f"runtime must be one of {', '.join(RUNTIMES)}, got {runtime!r}."
        )
    kind = RUNTIMES[runtime]
    if precision not in kind.precisions:
        raise ValueError(
            f"the precision of {runtime} must be one of "
            f"{', '.join(kind.precisions)}, got {precision!r}."
        )
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be 1 or more, got {threads}.")
    kind.require_runtime()
    kind.require_converter(precision)
