"""What a processor says of itself."""

import pytest

from accel_tf import processor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flags\t\t: fpu avx2 avx512f amx_bf16\n", True),
        ("flags\t\t: fpu avx512_bf16 sse\nflags : fpu\n", True),
        ("Features\t: fp asimd bf16 i8mm\n", True),
        ("processor : 0\nflags\t\t: fpu avx2 avx512f avx512_vnni\n", False),
        ("processor : 0\n", None),
    ],
)
def test_instructions_for_bfloat16(tmp_path, text, expected):
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert processor.multiplies_bfloat16(path) is expected
    assert processor.multiplies_bfloat16(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags : sse avx avx2", True),
        ("flags : avx avx2 avx512f", False),
        ("Features : fp asimd bf16", False),
        ("", False),
    ],
)
def test_where_onednn_has_no_bfloat16(tmp_path, flags, expected):
    path = tmp_path / "cpuinfo"
    path.write_text(flags)
    assert processor.is_x86_without_avx512(path) is expected


def test_only_where_it_is_known_to_be_slow(monkeypatch):
    def note(multiplies, gpu):
        monkeypatch.setattr(
            processor, "multiplies_bfloat16", lambda: multiplies
        )
        monkeypatch.setattr(processor, "_has_gpu", lambda: gpu)
        return processor.note_of_slow_bfloat16()

    assert "no instructions for bfloat16" in note(False, False)
    assert note(False, True) is note(True, False) is note(None, False) is None
