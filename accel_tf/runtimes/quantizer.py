"""NNCF, which makes programs in whole numbers of those in float32."""

import contextlib
import io
import logging

from accel_tf.optional import require
from accel_tf.runtimes.environment import environment


def quantize(model, feeds, kept, extra):
    """Makes a program in whole numbers.

    Args:
        model: `openvino.Model` or `onnx.ModelProto`.
        feeds: list of dicts of an input's name -> array, from which the
            ranges are taken.
        kept: names of operations that stay in float32.
        extra: of accel-tf, which installs NNCF.

    Returns:
        As `model`.

    Raises:
        ImportError: if NNCF is not installed.
    """
    # Its progress bars go to stdout.
    silence = contextlib.redirect_stdout(io.StringIO())
    with without_telemetry(), silence:
        nncf = require("nncf", extra)
        # Its own function sets the levels of handlers, which others share.
        logging.getLogger("nncf").setLevel(logging.ERROR)
        return nncf.quantize(
            model,
            nncf.Dataset(feeds),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(feeds),
            ignored_scope=nncf.IgnoredScope(sorted(kept), validate=False),
        )


def without_telemetry():
    """Keeps OpenVINO's tools from reporting their use over the network.

    They do without asking, but not where this variable is set.
    """
    return environment("CI", "true")
