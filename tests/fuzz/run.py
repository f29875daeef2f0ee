"""Fuzzes targets for long, led by which branches an input takes.

    python tests/fuzz/run.py --seconds 300 json pth

What a target does not bear is left in `tests/fuzz/found/TARGET`, where the
tests run it from then on; what leads to new branches is kept in `out/fuzz`,
so that the next run goes on from there. It needs atheris (extra `fuzz`).
"""

import argparse
import importlib.util
import pathlib
import subprocess
import sys

_HERE = pathlib.Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
# Of memory, in MB, and of time for one input, in seconds: TensorFlow is in it.
_MOST_MEMORY, _MOST_SECONDS = 4096, 20
_LONGEST = 4096


def main(arguments=None):
    """Runs each target in a process of its own; gives the exit status."""
    sys.path[:0] = [str(_HERE.parent), str(_ROOT)]
    from fuzz.targets import NAMES

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument(
        "--seconds", type=int, default=60, help="for each target"
    )
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    unknown = set(options.targets) - set(NAMES)
    if unknown:
        parser.error(f"{', '.join(unknown)}: targets are {', '.join(NAMES)}")
    if importlib.util.find_spec("atheris") is None:
        parser.error('atheris is missing; run: pip install -e ".[fuzz]"')
    if options.one:
        return _fuzz(options.targets[0], options.seconds)
    failed = [
        name
        for name in options.targets or NAMES
        if subprocess.call(
            [sys.executable, __file__, "--one", name]
            + ["--seconds", str(options.seconds)]
        )
    ]
    if failed:
        print(f"faults in {', '.join(failed)}; see {_HERE / 'found'}.")
    return bool(failed)


def _fuzz(name, seconds):
    """Fuzzes one target; does not return."""
    import atheris
    from fuzz.targets import instrumented, target

    modules = instrumented(name)
    # Those of Python's own that are imported already are imported anew.
    for module in modules:
        sys.modules.pop(module, None)
    with atheris.instrument_imports(include=list(modules)):
        chosen = target(name)
    chosen.warm_up()
    corpus, found = _ROOT / "out" / "fuzz" / name, _HERE / "found" / name
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(chosen.seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    # An empty dictionary is a mistake to libFuzzer.
    words = corpus.with_suffix(".words")
    words.write_text("".join(map(_word, chosen.words or [b"accel"])))
    print(f"=== {name}", flush=True)
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-dict={words}",
            f"-artifact_prefix={found}/",
            f"-max_total_time={seconds}",
            f"-max_len={_LONGEST}",
            f"-timeout={_MOST_SECONDS}",
            f"-rss_limit_mb={_MOST_MEMORY}",
            "-print_final_stats=1",
            "-verbosity=0",
        ],
        chosen.check,
    )
    atheris.Fuzz()


def _word(word):
    """A line of libFuzzer's dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


if __name__ == "__main__":
    sys.exit(main())
