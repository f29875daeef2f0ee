"""Programs of a clip classifier in a folder."""

import dataclasses
import importlib.metadata
import json

from accel_tf.data.frame_steps import UNKNOWN, check_frame_step
from accel_tf.files import write_text
from accel_tf.runtimes.choices import PRECISIONS
from accel_tf.runtimes.classifier import (
    ClassifierInfo,
    ClipProgram,
    RuntimeClassifier,
)
from accel_tf.runtimes.folders import (
    DESCRIPTION,
    FORMAT,
    check_file,
    file_digest,
    new_folder,
    read_tensors,
)

CLASSIFIER = "classifier"
"""What the description of such a folder calls its kind."""


def save_classifier(classifier, directory):
    """What `RuntimeClassifier.save` does.

    The folder holds `model.json` and, for each size of clips, a file such as
    `16x224x224.onnx` (two for OpenVINO).

    Args:
        classifier: `RuntimeClassifier`.
        directory: see there.
    """
    with new_folder(directory) as folder:
        description = {
            "format": FORMAT,
            "kind": CLASSIFIER,
            "accel_tf": importlib.metadata.version("accel-tf"),
            **dataclasses.asdict(classifier.info),
            "sizes": [
                _write(program, size, folder)
                for size, program in classifier.programs.items()
            ],
        }
        write_text(
            folder / DESCRIPTION, json.dumps(description, indent=1) + "\n"
        )


def _write(program, size, folder):
    name = "x".join(map(str, size)) + program.content.ending
    names = program.content.write(folder / name)
    return {
        "size": size,
        "multiply_adds": program.multiply_adds,
        "inputs": [dataclasses.astuple(t) for t in program.inputs],
        "outputs": [dataclasses.astuple(t) for t in program.outputs],
        "files": {each: file_digest(folder / each) for each in names},
    }


def read_classifier(description):
    """What a description says.

    Args:
        description: of the folder, read from JSON.

    Returns:
        `(info, sizes)`: `ClassifierInfo`, and dict of `(frames, height,
        width)` -> entry.

    Raises:
        KeyError, TypeError, ValueError: if the description is damaged.
    """
    names = [field.name for field in dataclasses.fields(ClassifierInfo)]
    # Folders of earlier versions do not know the step.
    description = {"frame_step": UNKNOWN, **description}
    info = ClassifierInfo(**{name: description[name] for name in names})
    check_frame_step(info.frame_step)
    info.class_names = tuple(map(str, info.class_names))
    if info.runtime not in PRECISIONS:
        raise ValueError(f"no runtime {info.runtime!r}")
    sizes = {}
    for entry in description["sizes"]:
        frames, height, width = map(int, entry["size"])
        sizes[frames, height, width] = {
            "inputs": read_tensors(entry["inputs"]),
            "outputs": read_tensors(entry["outputs"]),
            "files": dict(entry["files"]),
            "multiply_adds": int(entry["multiply_adds"]),
        }
    return info, sizes


def loaded_classifier(folder, info, sizes, kind, threads):
    """A `RuntimeClassifier` of programs in a folder.

    Args:
        folder: path.
        info, sizes: from `read_classifier`.
        kind: class of its programs, one of `RUNTIMES`.
        threads: as for `to_runtime`.

    Raises:
        FileNotFoundError, ValueError: if a file is missing or damaged.
    """
    for entry in sizes.values():
        for name, digest in entry["files"].items():
            check_file(folder / name, digest)

    def make_program(*size):
        if size not in sizes:
            known = ", ".join("x".join(map(str, each)) for each in sizes)
            raise ValueError(
                f"{folder} has programs for clips of {known} (frames x height "
                f"x width), not of {'x'.join(map(str, size))}."
            )
        entry = sizes[size]
        return ClipProgram(
            entry["inputs"],
            entry["outputs"],
            kind.read(folder / next(iter(entry["files"]))),
            entry["multiply_adds"],
        )

    return RuntimeClassifier(info, make_program, tuple(sizes), threads)
