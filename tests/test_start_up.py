"""What a program waits for and sees before anything of it begins."""

import os
import pathlib
import resource
import subprocess
import sys

import pytest

from accel_tf.quiet_start import quiet_start

LINES = """\
WARNING: All log messages before absl::InitializeLog() is called are written \
to STDERR
I0000 00:00:1795845699.843663   24418 port.cc:153] oneDNN custom operations
E0000 00:00:1795845699.843663   24418 cuda_fft.cc:485] Unable to register
2026-11-28 06:27:22.843663: I tensorflow/core/util/port.cc:153] oneDNN
To enable the following instructions: AVX2, in other operations, rebuild
"""


def run(program, **variables):
    """Runs a program in a process of its own; gives what it wrote."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )


def test_help_and_mistakes_need_neither_keras_nor_half_a_second():
    program = """if True:
        import sys
        from accel_tf.commands import VERBS, main
        for argv in (["--help"], *([verb, "--help"] for verb in VERBS)):
            try:
                main(argv)
            except SystemExit as stop:
                assert not stop.code
        for argv in ([], ["fly"], ["segment", "a", "--alpha", "b"]):
            try:
                main(argv)
            except SystemExit as stop:
                assert stop.code == 2
        heavy = "keras", "numpy", "tensorflow", "tqdm"
        print([name for name in heavy if name in sys.modules])
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = run(program).stdout.splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "usage: accel-tf segment" in "\n".join(lines)
    assert lines[-1] == "[]"
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert used < 0.5


def test_a_command_does_not_wait_for_scikit_learn(tmp_path):
    package = tmp_path / "sklearn"
    package.mkdir()
    (package / "__init__.py").write_text("print('scikit-learn')")
    program = """if True:
        from accel_tf.commands import main
        assert main(["models"]) == 0
        import keras
        print("then")
        import sklearn
    """
    done = run(program, PYTHONPATH=str(tmp_path))
    assert done.stdout.endswith("then\nscikit-learn\n")
    assert done.stdout.count("scikit-learn") == 1


def test_mistakes_are_found_before_keras_is_imported():
    program = """if True:
        import sys
        from accel_tf.commands import main
        for line in (
            "segment none.mp4 --output o.mp4",
            "segment none.mp4 --output o.mp4 --stretch",
            "segment none.mp4 --output o.mp4 --alpha 2",
            "segment none.mp4 --server http://a --output o.mp4",
            "evaluate --data x --temporal",
            "export x --size 32x32",
            "serve",
        ):
            assert main(line.split()) == 2, line
        print([name for name in ("keras", "tensorflow") if name in sys.modules])
    """
    done = run(program)
    assert done.stdout == "[]\n"
    lines = done.stderr.splitlines()
    assert len(lines) == 7
    assert all(line.startswith("accel-tf: ") for line in lines)


def test_exported_programs_start_without_keras():
    program = """if True:
        import sys
        import numpy as np
        from accel_tf.commands import form_options, keyframe_options
        from accel_tf.commands import segment
        from accel_tf.runtimes.model import prepare_programs
        from accel_tf.runtimes.restore import restore_segmenter
        from accel_tf.streaming import FixedInterval, SceneCuts, VideoStream

        class Programs:
            name, uses_key_frames, least_side = "programs", True, 1

            def compile_step(self):
                return lambda frame, state, is_key: (frame[..., 0], state)

            def initial_state(self, *shape):
                return {}

        stream = VideoStream(Programs(), SceneCuts(FixedInterval(2)))
        frame = np.zeros((1, 32, 32, 3), np.uint8)
        for is_key in (True, False, True):
            assert stream(frame).shape == (1, 32, 32)
            assert stream.is_key == is_key
        print([name for name in ("keras", "tensorflow") if name in sys.modules])
    """
    assert run(program).stdout == "[]\n"


@pytest.mark.parametrize("level", [None, "0"])
def test_tensorflow_starts_without_a_word_unless_it_is_told_to(level, tmp_path):
    # It writes past `sys.stderr`.
    (tmp_path / "tensorflow.py").write_text(
        f"import os; os.write(2, {(LINES + 'mine' + chr(10)).encode()!r})"
    )
    program = "import accel_tf, tensorflow, os; print(os.environ[NAME])"
    name = "TF_CPP_MIN_LOG_LEVEL"
    variables = {} if level is None else {name: level}
    if level is None and name in os.environ:
        program = f"import os; os.environ.pop({name!r}); {program}"
    done = run(
        program.replace("NAME", repr(name)),
        PYTHONPATH=os.pathsep.join(
            [str(tmp_path), str(pathlib.Path(__file__).parent.parent)]
        ),
        **variables,
    )
    assert done.stdout.split() == [level or "3"]
    assert done.stderr == (LINES if level else "") + "mine\n"


def test_what_was_written_before_a_failure_is_kept(capfd):
    with pytest.raises(ImportError), quiet_start():
        os.write(2, LINES.encode())
        raise ImportError
    assert capfd.readouterr().err == LINES


def test_a_program_without_standard_error_starts():
    program = "import os; os.close(2); import accel_tf.quiet_start as q\n"
    program += "with q.quiet_start(): print('here')"
    assert run(program).stdout == "here\n"
