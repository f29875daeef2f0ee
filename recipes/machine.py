"""What measurements ran on."""

import os
import pathlib
import platform

import keras
import tensorflow as tf


def describe_machine():
    """What was measured on, without names of hosts or folders."""
    processor = platform.machine()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                processor = value.strip()
                break
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
