"""What a processor says of itself."""

import pytest

from accel_tf import processor


@pytest.mark.parametrize(
    ("text", "has_bfloat16", "lacks_avx512"),
    [
        ("flags\t\t: fpu avx avx2 avx512f amx_bf16\n", True, False),
        ("flags\t\t: avx avx512f avx512_bf16\nflags : fpu\n", True, False),
        ("Features\t: fp asimd bf16 i8mm\n", True, False),
        ("processor : 0\nflags : avx avx512f avx512_vnni\n", False, False),
        ("flags\t\t: sse avx avx2\n", False, True),
        ("processor : 0\n", None, False),
    ],
)
def test_instructions(tmp_path, text, has_bfloat16, lacks_avx512):
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert processor.multiplies_bfloat16(path) is has_bfloat16
    assert processor.is_x86_without_avx512(path) is lacks_avx512
    assert processor.multiplies_bfloat16(tmp_path / "none") is None
    assert not processor.is_x86_without_avx512(tmp_path / "none")


def test_only_where_it_is_known_to_be_slow(monkeypatch):
    def note(multiplies, gpu):
        monkeypatch.setattr(
            processor, "multiplies_bfloat16", lambda: multiplies
        )
        monkeypatch.setattr(processor, "_has_gpu", lambda: gpu)
        return processor.note_of_slow_bfloat16()

    assert "no instructions for bfloat16" in note(False, False)
    assert note(False, True) is note(True, False) is note(None, False) is None
