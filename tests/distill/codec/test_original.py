"""The coding that the authors' code accounts for, byte for byte."""

import gzip
import hashlib

import numpy as np
from reference import official_tensors, reference_weight

from accel_tf.distill import original_update


def test_bytes_are_the_original_ones():
    tensors = {
        name: value
        for name, value in official_tensors("ams_student_names.tsv").items()
        if "/moving_" not in name
    }
    sizes = [value.size for value in tensors.values()]
    values = np.concatenate([value.ravel() for value in tensors.values()])
    mask = np.concatenate(
        [
            reference_weight(f"{name}/mask/moving_variance", x.shape).ravel()
            for name, x in tensors.items()
        ]
    ) > np.float32(1.4)
    data = original_update(mask, values, sizes, compress=False)
    assert mask.sum() == 211132
    assert len(data) == 686395
    assert len(data) - 2 * mask.sum() == 264131
    assert hashlib.sha256(data).hexdigest() == (
        "87cd8e1c8b0f30fe496b80edcddbd04874e3eb217860e4a1a60954b44d9cdbe6"
    )


def test_gzip_and_padding():
    mask = np.array([1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1], bool)
    values = np.arange(11, dtype=np.float32)
    raw = original_update(mask, values, [9, 2], compress=False)
    expected = bytes([0b10100000, 0b10000000, 0b01000000])
    assert raw == expected + np.array([0, 2, 8, 10], "<f2").tobytes()
    assert gzip.decompress(original_update(mask, values, [9, 2])) == raw
