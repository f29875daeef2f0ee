"""The package as it is installed, and as it lies in a checkout."""

import configparser
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

import keras
import numpy as np
from backend import to_numpy
from model_tools import assert_close, scenes
from small_models import built

import accel_tf

REPOSITORY = pathlib.Path(__file__).parent.parent
JAX = importlib.util.find_spec("jax") is not None


def python(program, checkout, folder, backend):
    """Runs a program in a process of its own; gives the lines it prints."""
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(checkout),
            "KERAS_BACKEND": backend,
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def options():
    config = configparser.ConfigParser()
    config.read(REPOSITORY / "setup.cfg")
    return config["options"]


def test_every_folder_is_in_the_package_list():
    on_disk = {"accel_tf"}
    roots = {
        name: REPOSITORY / folder
        for name, _, folder in (
            line.partition(" = ")
            for line in options()["package_dir"].split("\n")
            if line
        )
    }
    assert roots["accel_tf"] == REPOSITORY / "accel_tf"
    for package, folder in roots.items():
        for path in folder.rglob("*.py"):
            parts = path.parent.relative_to(folder).parts
            if package == "accel_tf.recipes" and parts == ("results",):
                continue  # of a checkout alone
            on_disk.add(".".join((package, *parts)))
        if package != "accel_tf":
            # An `__init__.py` here would hide other packages of that name.
            assert not (folder / "__init__.py").exists()
            on_disk.add(package)
    assert options()["packages"].split() == sorted(on_disk)


def test_every_package_has_its_init_file():
    for folder in (REPOSITORY / "accel_tf").rglob("*.py"):
        assert (folder.parent / "__init__.py").is_file(), folder.parent


def test_public_names_exist():
    assert accel_tf.__all__ == sorted(accel_tf.__all__)
    for name in accel_tf.__all__:
        assert hasattr(accel_tf, name), name
    for name in accel_tf.ops.__all__:
        assert callable(getattr(accel_tf.ops, name)), name


def test_import_needs_no_keras_and_tells_it_of_the_classes(tmp_path):
    model = keras.Sequential([keras.Input((4, 4, 1))])
    model.add(accel_tf.layers.AdaptiveAveragePooling(2))
    model.save(tmp_path / "layer.keras")
    system, clip = built("accel"), scenes()
    system.save(tmp_path / "system.keras")
    np.save(tmp_path / "clip.npy", clip)
    names = """
        checkpoints.load_checkpoint data.LabelMap evaluation.class_mapping
        evaluation.evaluate layers.GroupedConv2D metrics.mean_iou
        models.presets.from_preset ops.warp runtimes.to_runtime
        segment.segment_video streaming.VideoStream video.open_video
        training.SegmentationCrossEntropy visualize.overlay serving.Client
    """.split()
    program = f"""if True:
        import operator
        import sys
        import accel_tf
        import accel_tf.serving.rest
        heavy = "keras", "tensorflow", "tensorflow_datasets", "torch"
        print([name for name in heavy if name in sys.modules])
        import keras
        print(keras.saving.load_model("layer.keras").layers[-1].__module__)
        print(keras.saving.get_registered_object("accel_tf>Accel").__name__)
        for name in {names}:
            assert callable(operator.attrgetter(name)(accel_tf)), name
        print([name for name in heavy if name in sys.modules])
        import numpy
        logits = keras.saving.load_model("system.keras")(numpy.load("clip.npy"))
        numpy.save("logits.npy", keras.ops.convert_to_numpy(logits))
    """
    backend = "jax" if JAX else "tensorflow"  # the quicker to import
    assert python(program, REPOSITORY, tmp_path, backend) == [
        "[]",
        "accel_tf.layers.adaptive_average_pooling",
        "Accel",
        "['keras']" if JAX else "['keras', 'tensorflow']",
    ]
    assert_close(np.load(tmp_path / "logits.npy"), to_numpy(system(clip)))


def test_a_checkout_finds_what_lies_beside_it(tmp_path):
    """`datasets/`, `recipes/` and `serving/` are parts of the package."""
    checkout = tmp_path.resolve() / "checkout"
    for folder in ("accel_tf", "datasets", "recipes", "serving"):
        shutil.copytree(REPOSITORY / folder, checkout / folder)
    shutil.copy(REPOSITORY / "setup.cfg", checkout)
    program = """if True:
        from importlib.util import find_spec
        import accel_tf.datasets
        print(accel_tf.__file__)
        print(*accel_tf.datasets.__path__)
        print(find_spec("accel_tf.datasets.synthetic_streets").origin)
        print(find_spec("accel_tf.recipes.train_accel").origin)
        print(find_spec("accel_tf.serving.rest").origin)
        assert find_spec("accel_tf.recipes.common.catalogue")
        assert find_spec("accel_tf.tests") is None
        assert find_spec("accel_tf.docs") is None
    """
    backend = "jax" if JAX else "tensorflow"  # the quicker to import
    found = [
        pathlib.Path(line).relative_to(checkout)
        for line in python(program, checkout, tmp_path, backend)
    ]
    assert found == [
        pathlib.Path("accel_tf/__init__.py"),
        pathlib.Path("datasets"),
        pathlib.Path("datasets/synthetic_streets/__init__.py"),
        pathlib.Path("recipes/train_accel.py"),
        pathlib.Path("serving/rest.py"),
    ]


def test_where_it_is_installed_keras_waits_too(tmp_path):
    site = tmp_path / "site"
    ignore = shutil.ignore_patterns("__pycache__", "results")
    shutil.copytree(REPOSITORY / "accel_tf", site / "accel_tf", ignore=ignore)
    for folder in ("datasets", "recipes", "serving"):
        target = site / "accel_tf" / folder
        shutil.copytree(REPOSITORY / folder, target, ignore=ignore)
    program = """if True:
        import sys
        import accel_tf
        from accel_tf.commands import main
        main(["recipe"])
        print(accel_tf.__file__)
        print("keras" in sys.modules)
    """
    *listed, path, has_keras = python(program, site, tmp_path, "tensorflow")
    assert path == str(site / "accel_tf" / "__init__.py")
    assert listed[-1].startswith(f"files in {site.resolve()}")
    assert has_keras == "False"
