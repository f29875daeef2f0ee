"""Inputs that are nearly right, by plain Python and the same for a seed."""

import random
import struct

_NUMBERS = [0, 1, 2, 3, 4, 8, 16, 64, 100, 127, 128, 255, 256, 1000]
_NUMBERS += [2**15, 2**16, 2**20, 2**27, 2**31 - 1, 2**31, 2**32 - 1]
_NUMBERS += [2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
_FORMS = ("B", "<H", ">H", "<I", ">I", "<Q", ">Q")


def changed(rng, data, words=(), others=(b"",), most=5):
    """Changes some bytes of an input.

    Args:
        rng: `random.Random`.
        data: bytes.
        words: bytes that mean something in the format.
        others: inputs of which a part may be put in.
        most: changes.
    """
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, most))):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice((1, 1, 4, 30)))
        change = rng.randrange(8)
        if change == 0:
            del data[start:end]
        elif change == 1:
            data[start:end] = rng.randbytes(end - start)
        elif change == 2 and start < len(data):
            data[start] ^= 1 << rng.randrange(8)
        elif change == 3:
            data[start:start] = data[start:end] * rng.choice((1, 1, 50))
        elif change == 4 and words:
            end = start if rng.random() < 0.5 else end
            data[start:end] = rng.choice(words)
        elif change == 5:
            number = _number(rng)
            data[start : start + len(number)] = number
        elif change == 6:
            other = rng.choice(others)
            place = rng.randrange(len(other) + 1)
            data[start:start] = other[place : place + rng.choice((8, 100))]
        elif change == 7 and rng.random() < 0.3:
            del data[start:]
    return bytes(data)


def mutations(target, count, seed=0):
    """Inputs made of a target's seeds: yields bytes.

    Args:
        target: `Target`.
        count: how many.
        seed: int; the same one gives the same inputs.
    """
    rng = random.Random(seed)
    seeds = target.seeds()
    for _ in range(count):
        yield changed(rng, rng.choice(seeds), target.words, seeds)


def _number(rng):
    form, number = rng.choice(_FORMS), rng.choice(_NUMBERS)
    bits = 8 * struct.calcsize(form)
    return struct.pack(form, number % 2**bits)
