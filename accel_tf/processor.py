"""What the processor can do by itself."""

import functools
import pathlib

_CPUINFO = pathlib.Path("/proc/cpuinfo")
# On x86 two sets of instructions, on Arm one.
_BFLOAT16 = {"amx_bf16", "avx512_bf16", "bf16"}


def multiplies_bfloat16(cpuinfo=_CPUINFO):
    """Whether the processor has instructions for products of bfloat16.

    Args:
        cpuinfo: file in which Linux describes the processor.

    Returns:
        bool; `None` where nothing tells.
    """
    known = instructions(cpuinfo)
    return None if known is None else not _BFLOAT16.isdisjoint(known)


def is_x86_without_avx512(cpuinfo=_CPUINFO):
    """Whether it is a processor of x86 on which oneDNN has no bfloat16.

    Args:
        cpuinfo: as for `multiplies_bfloat16`.
    """
    known = instructions(cpuinfo)
    return known is not None and "avx" in known and "avx512f" not in known


def instructions(cpuinfo=_CPUINFO):
    """What the processor has: a set of names; `None` where nothing tells.

    Args:
        cpuinfo: as for `multiplies_bfloat16`.
    """
    try:
        text = pathlib.Path(cpuinfo).read_text(errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, values = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(values.split())
    return None


def note_of_slow_bfloat16(in_keras=True):
    """A line for users whom bfloat16 saves no time, or `None`.

    Args:
        in_keras: whether Keras' backend computes, which may have a graphics
            card, and not another runtime.
    """
    if multiplies_bfloat16() is not False or (in_keras and _has_gpu()):
        return None
    labels = (
        "labels are as on one that has"
        if in_keras
        else "only weights are rounded to it"
    )
    return (
        "this processor has no instructions for bfloat16 (amx_bf16 or "
        f"avx512_bf16): {labels}, but no frame is done sooner than in float32."
    )


@functools.cache
def _has_gpu():
    """Whether Keras' backend computes on a graphics card."""
    # Not before a server has looked at its options.
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if backend == "torch":
        import torch

        return torch.cuda.is_available()
    import jax

    return jax.default_backend() == "gpu"
