"""`tensorflow_addons.image.dense_image_warp`, loaded by itself.

TensorFlow Addons as a whole cannot be imported beside Keras 3; this one
module needs no more than a name from an old private package.
"""

import importlib
import importlib.util
import pathlib
import sys
import types


def load_dense_image_warp():
    """The real function; there are wheels up to Python 3.11.

    Raises:
        ImportError: if TensorFlow Addons is not installed.
    """
    import keras

    found = importlib.util.find_spec("tensorflow_addons")
    if found is None:
        raise ImportError(
            'TensorFlow Addons is missing: pip install "accel-tf[test]"'
        )
    root = pathlib.Path(found.origin).parent
    stubs = {
        "keras.src.engine": {},
        "keras.src.engine.keras_tensor": {"KerasTensor": keras.KerasTensor},
        "tensorflow_addons": {"__path__": [str(root)]},
        "tensorflow_addons.image": {"__path__": [str(root / "image")]},
        "tensorflow_addons.utils": {"__path__": [str(root / "utils")]},
    }
    for name, attributes in stubs.items():
        module = types.ModuleType(name)
        vars(module).update(attributes)
        sys.modules[name] = module
    try:
        module = importlib.import_module(
            "tensorflow_addons.image.dense_image_warp"
        )
        return module.dense_image_warp
    finally:
        for name in list(sys.modules):
            if name in stubs or name.startswith("tensorflow_addons"):
                del sys.modules[name]
