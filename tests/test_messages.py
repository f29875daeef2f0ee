import os
import subprocess
import sys

from accel_tf import messages


def test_quiet_leaves_out_what_is_not_asked_for(capsys):
    with messages.quiet():
        messages.tell("about the model")
        messages.note("about the source")
        assert messages.is_quiet()
    assert capsys.readouterr() == ("", "")
    messages.tell("about the model")
    messages.note("about the source")
    assert capsys.readouterr() == (
        "about the model\n",
        "note: about the source\n",
    )


def test_quiet_leaves_out_bars_and_restores_the_environment(monkeypatch):
    program = "import tqdm; list(tqdm.tqdm([1, 2]))"

    def written():
        argv = [sys.executable, "-c", program]
        return subprocess.run(argv, capture_output=True, check=True).stderr

    monkeypatch.setenv("TQDM_DISABLE", "0")
    with messages.quiet():
        assert written() == b""
    assert os.environ["TQDM_DISABLE"] == "0"
    monkeypatch.delenv("TQDM_DISABLE")
    with messages.quiet():
        pass
    assert b"2/2" in written()
