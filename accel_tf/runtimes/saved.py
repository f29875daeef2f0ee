"""Programs of another runtime in a folder."""

import dataclasses
import importlib.metadata
import io
import json
import pathlib

import numpy as np

from accel_tf.data.label_maps import LabelMap
from accel_tf.files import read_json, write_bytes, write_text
from accel_tf.frame_size import checked_size
from accel_tf.runtimes.folders import (
    DESCRIPTION,
    FORMAT,
    check_file,
    file_digest,
    new_folder,
    read_tensors,
)
from accel_tf.runtimes.kinds import RUNTIMES
from accel_tf.runtimes.programs import Program, SizePrograms
from accel_tf.runtimes.saved_classifier import (
    CLASSIFIER,
    loaded_classifier,
    read_classifier,
)
from accel_tf.runtimes.segmenter import RuntimeInfo, RuntimeSegmenter
from accel_tf.runtimes.steps import Kind

_STATE = "initial_state.npz"


def save_runtime(segmenter, directory):
    """What `RuntimeSegmenter.save` does.

    The folder holds `model.json` and, for each size, a folder such as
    `512x1024` with one file for each program (two for OpenVINO), such as
    `key.onnx` and `nonkey.onnx`, and `initial_state.npz`.

    Args:
        segmenter: `RuntimeSegmenter`.
        directory: see there.
    """
    with new_folder(directory) as folder:
        sizes = []
        for (height, width), programs in segmenter.sizes.items():
            subfolder = folder / f"{height}x{width}"
            subfolder.mkdir()
            content = io.BytesIO()
            np.savez_compressed(content, **programs.initial_state)
            write_bytes(subfolder / _STATE, content.getvalue())
            sizes.append(
                {
                    "height": height,
                    "width": width,
                    "multiply_adds": programs.multiply_adds,
                    "state": {
                        name: [array.dtype.name, list(array.shape)]
                        for name, array in programs.initial_state.items()
                    },
                    "programs": [
                        _write(program, subfolder)
                        for program in programs.all_programs()
                    ],
                    "agreement": programs.agreement,
                    "files": {
                        path.name: file_digest(path)
                        for path in sorted(subfolder.iterdir())
                    },
                }
            )
        info = dataclasses.asdict(segmenter.info)
        info["label_map"] = segmenter.label_map.to_config()
        description = {
            "format": FORMAT,
            "accel_tf": importlib.metadata.version("accel-tf"),
            **info,
            "sizes": sizes,
        }
        write_text(
            folder / DESCRIPTION, json.dumps(description, indent=1) + "\n"
        )


def is_saved_runtime(path):
    """Whether `path` is a folder that `load_runtime` reads."""
    return (pathlib.Path(path) / DESCRIPTION).is_file()


def load_runtime(directory, threads=None):
    """Reads what `save` of a `RuntimeSegmenter` or `RuntimeClassifier` wrote.

    Works without the model and without converters: only the runtime itself
    is needed.

    Args:
        directory: of the folder.
        threads: as for `to_runtime`.

    Returns:
        `RuntimeSegmenter` for frames, or `RuntimeClassifier` for clips, of
        the sizes that were saved.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a file is damaged, or from a later version.
        ImportError: if the runtime is not installed.
    """
    folder = pathlib.Path(directory)
    path = folder / DESCRIPTION
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no exported programs: there is no {path.name}."
        )
    try:
        description = read_json(path)
        version = description["format"]
        classifies = description.get("kind") == CLASSIFIER
        if version == FORMAT and classifies:
            info, sizes = read_classifier(description)
        elif version == FORMAT:
            info, sizes = _info(description), _sizes(description)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: {error!r}.") from error
    if version != FORMAT:
        raise ValueError(
            f"{path} has the format {version}; this version of accel-tf "
            f"reads {FORMAT}."
        )
    RUNTIMES[info.runtime].require_runtime()
    if classifies:
        kind = RUNTIMES[info.runtime]
        return loaded_classifier(folder, info, sizes, kind, threads)
    for (height, width), size in sizes.items():
        for name, digest in size["files"].items():
            check_file(folder / f"{height}x{width}" / name, digest)

    def make_programs(height, width):
        if (height, width) not in sizes:
            known = ", ".join(f"{h}x{w}" for h, w in sizes)
            raise ValueError(
                f"{folder} has programs for frames of {known}, not of "
                f"{height}x{width}."
            )
        return _load_size(
            folder / f"{height}x{width}", sizes[height, width], info
        )

    return RuntimeSegmenter(info, make_programs, tuple(sizes), threads)


def _write(program, folder):
    names = program.content.write(
        folder / f"{program.kind}{program.content.ending}"
    )
    return {
        "is_key": program.kind.is_key,
        "counters": dict(program.kind.counters),
        "counters_after": dict(program.counters),
        "inputs": [dataclasses.astuple(t) for t in program.inputs],
        "outputs": [dataclasses.astuple(t) for t in program.outputs],
        "file": names[0],
    }


def _info(description):
    names = [field.name for field in dataclasses.fields(RuntimeInfo)]
    # Folders of earlier versions know nothing of these.
    since = {"trained_size": None, "key_frames_ask_state": False}
    description = {**since, **description}
    info = {name: description[name] for name in names}
    if info["trained_size"] is not None:
        info["trained_size"] = checked_size(info["trained_size"])
    info["label_map"] = LabelMap.from_config(info["label_map"])
    if info["runtime"] not in RUNTIMES:
        raise ValueError(f"no runtime {info['runtime']!r}")
    return RuntimeInfo(**info)


def _sizes(description):
    return {
        (size["height"], size["width"]): {
            "files": dict(size["files"]),
            "multiply_adds": dict(size["multiply_adds"]),
            # Folders of earlier versions do not know it.
            "agreement": size.get("agreement"),
            "programs": {
                Kind(entry["is_key"], _counters(entry["counters"])): {
                    "inputs": read_tensors(entry["inputs"]),
                    "outputs": read_tensors(entry["outputs"]),
                    "counters": _counters(entry["counters_after"]),
                    "file": str(entry["file"]),
                }
                for entry in size["programs"]
            },
        }
        for size in description["sizes"]
    }


def _counters(numbers):
    return tuple(sorted(numbers.items()))


def _load_size(folder, size, info):
    def make_program(kind):
        entry = dict(size["programs"][kind])
        path = folder / entry.pop("file")
        content = RUNTIMES[info.runtime].read(path)
        return Program(kind=kind, content=content, **entry)

    with np.load(folder / _STATE) as arrays:
        initial_state = dict(arrays)
    return SizePrograms(
        info.uses_key_frames,
        initial_state,
        size["multiply_adds"],
        make_program,
        lambda: size["agreement"],
    )
