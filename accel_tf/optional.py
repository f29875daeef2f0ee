"""Optional packages, imported when a function first needs them.

PyAV, OpenCV and matplotlib are not core requirements. A function that needs one
asks here for it, so a missing package ends in one line with the command that
installs it.
"""

import contextlib
import importlib
import importlib.util
import os
import sys

_OLDEST_AV = 18  # Older ones do not convert transfer functions.


def require(module, extra):
    """Imports an optional package.

    Args:
        module: Name of the module to import, for example `"cv2"`.
        extra: The extra of accel-tf that installs it, for example `"video"`.

    Returns:
        The imported module.

    Raises:
        ImportError: The module is not installed, or it is and does not load.
            The message is one line and holds the pip command.
    """
    command = f'pip install "accel-tf[{extra}]"'
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError)
        if missing and error.name == module:
            fault = "not installed"
        else:
            fault = f"installed but does not load ({error})"
        raise ImportError(
            f"{module} is {fault}; install it with: {command}"
        ) from error


def cv2():
    """Imports OpenCV, whichever build is installed (headless or GUI).

    FFmpeg's own messages are turned off unless the environment variable
    OPENCV_FFMPEG_LOGLEVEL asks for them: this library reports what went wrong
    as an exception, and FFmpeg would write further lines around it.

    Raises:
        ImportError: OpenCV is missing or broken; the message holds the pip
            command that repairs it.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    module = require("cv2", "video")
    # Uninstalling one of two OpenCV builds removes the files of both and
    # leaves an empty package behind that still imports.
    if not hasattr(module, "VideoCapture"):
        raise ImportError(
            "cv2 is installed but empty; repair it with: "
            "pip install --force-reinstall opencv-python-headless"
        )
    return module


def av():
    """Imports PyAV, the bindings of FFmpeg, which reads and writes videos.

    Raises:
        ImportError: It is missing, broken or too old; the message holds the
            pip command.
    """
    module = require("av", "video")
    if int(module.__version__.split(".")[0]) < _OLDEST_AV:
        raise ImportError(
            f"av {module.__version__} is too old; install av {_OLDEST_AV} or "
            f'later with: pip install --upgrade "accel-tf[video]"'
        )
    return module


def av_errors():
    """The class of PyAV's errors, for `except`; of no error without PyAV."""
    return av().FFmpegError if has_av() else ()


def has_av():
    """Whether PyAV is there; where it is not, OpenCV alone may do."""
    return importlib.util.find_spec("av") is not None


@contextlib.contextmanager
def quiet_cv2():
    """Gives OpenCV with its own messages turned off inside the `with`.

    For calls whose failure this library reports as an exception: OpenCV would
    write further lines to stderr around it.

    Raises:
        ImportError: As `cv2`.
    """
    module = cv2()
    log = module.utils.logging
    level = log.getLogLevel()
    log.setLogLevel(log.LOG_LEVEL_SILENT)
    try:
        yield module
    finally:
        log.setLogLevel(level)


def onnxruntime():
    """Imports ONNX Runtime, which then reports nothing to its makers.

    Some builds send how they are used unless the environment variable
    ORT_DISABLE_TELEMETRY is set; a program that wants that sets it to "0".

    Raises:
        ImportError: It is missing; the message holds the pip command.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return require("onnxruntime", "onnx")


def matplotlib_pyplot():
    """Imports `matplotlib.pyplot`, drawing to memory where there is no display.

    Raises:
        ImportError: matplotlib is missing; the message holds the pip command.
    """
    matplotlib = require("matplotlib", "plot")
    has_display = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    chosen = "matplotlib.pyplot" in sys.modules or "MPLBACKEND" in os.environ
    if not has_display and not chosen:
        matplotlib.use("Agg")
    return require("matplotlib.pyplot", "plot")
