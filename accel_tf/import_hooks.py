"""What `import accel_tf` does to the imports of Keras and TensorFlow after it.

It imports neither, so that it costs nothing where neither is needed. But once
Keras is there, it must know the classes of this package, and TensorFlow must
not bury the program's own messages when it starts.
"""

import contextlib
import importlib
import importlib.abc
import sys
import threading

from accel_tf.quiet_start import quiet_start

_PACKAGE = "accel_tf."


class _Loader(importlib.abc.Loader):
    """Executes a module as another loader does, with something around it."""

    def __init__(self, loader, around):
        self._loader = loader
        self._around = around

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, spec):
        return self._loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self._loader
        with self._around():
            self._loader.exec_module(module)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules as the other finders do, and wraps some loaders."""

    def __init__(self):
        self.is_registered = False
        self.hides_sklearn = False
        self._imports = threading.local()

    def find_spec(self, fullname, path=None, target=None):
        around = self._around(fullname)
        if around is None:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec = find(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, around)
                return spec
        return None

    def _around(self, name):
        if name == "tensorflow":
            return quiet_start
        if name == "keras" and self.hides_sklearn:
            return self._without_sklearn
        is_watched = name == "keras" or name.startswith(_PACKAGE)
        if is_watched and not self.is_registered:
            return self._before_registering
        return None

    @contextlib.contextmanager
    def _before_registering(self):
        """Registers after the outermost import that brought Keras in.

        Not within: where a module of this package imports Keras, what
        registers would find that module half done.
        """
        depth = getattr(self._imports, "depth", 0)
        self._imports.depth = depth + 1
        try:
            yield
        finally:
            self._imports.depth = depth
        if depth == 0:
            self.register()

    @contextlib.contextmanager
    def _without_sklearn(self):
        is_hidden = "sklearn" not in sys.modules
        if is_hidden:
            sys.modules["sklearn"] = None  # To import it is an error.
        try:
            with self._before_registering():
                yield
        finally:
            if is_hidden:
                del sys.modules["sklearn"]

    def register(self):
        if "keras" in sys.modules and not self.is_registered:
            self.is_registered = True
            importlib.import_module(f"{_PACKAGE}public_names")


_finder = _Finder()


def install():
    """Watches the imports from now on; done once, by `accel_tf` itself.

    If Keras is imported already, it gets to know the classes at once.
    """
    sys.meta_path.insert(0, _finder)
    _finder.register()


def hide_sklearn_from_keras():
    """Saves the second in which Keras imports scikit-learn, if there is one.

    It does so for wrappers which the process must not need. Whoever else
    imports scikit-learn still gets it.
    """
    _finder.hides_sklearn = True
