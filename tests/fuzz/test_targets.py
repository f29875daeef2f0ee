"""Targets bear what they are fed: a short run, the same every time.

`make fuzz` goes on for long, led by coverage; what it finds is in `found`.
"""

import pathlib

import pytest
from fuzz import target as target_module
from fuzz.mutations import mutations
from fuzz.target import Target
from fuzz.targets import NAMES, target

FOUND = pathlib.Path(__file__).with_name("found")
RUNS = {"pth": 100, "npz": 150, "npy": 200, "params": 400, "update": 300}
RUNS |= {"predict": 300, "pickle": 600, "image": 500, "json": 600}


@pytest.mark.parametrize("name", NAMES)
def test_seeds_are_right(name):
    """Fuzzing begins with what is read."""
    chosen = target(name)
    outcomes = {chosen.run(data) for data in chosen.seeds()}
    assert outcomes - {"refused", "damaged", "cut short"}


@pytest.mark.parametrize("name", NAMES)
def test_changed_inputs(name):
    chosen = target(name)
    outcomes = chosen.check_all(mutations(chosen, RUNS.get(name, 1000)))
    # Enough of each kind for the inputs to be worth their name.
    assert chosen.outcomes <= outcomes.keys(), outcomes


@pytest.mark.parametrize(
    "path",
    sorted(FOUND.glob("*/*")),
    ids=lambda path: f"{path.parent.name}-{path.name[:20]}",
)
def test_inputs_that_were_found(path):
    chosen = target(path.parent.name)
    chosen.check_all([path.read_bytes()])


def test_a_seed_always_gives_the_same_inputs():
    chosen = target("http")
    first, again, other = (
        list(mutations(chosen, 50, seed)) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_costs_are_noticed(monkeypatch):
    costly = Target(lambda data: len(bytes(10**6)), list)
    with pytest.raises(AssertionError, match="3 bytes took 10000.. of memory"):
        costly.check(b"abc")
    monkeypatch.setattr(target_module, "MOST_SECONDS", 1e-4)
    with pytest.raises(AssertionError, match="3 bytes took 0.* s"):
        Target(lambda data: sum(range(10**5)), list).check(b"abc")
