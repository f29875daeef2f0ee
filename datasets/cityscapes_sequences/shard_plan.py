"""Which snippets go into which file of the data set."""

import dataclasses
import hashlib

from accel_tf.datasets.cityscapes_sequences.snippet_checks import (
    CheckedSnippet,
)

# Bytes of a frame of half size: a quarter of the pixels, which compress a
# little less well than those of the whole frame.
_HALF_SIZE_SHARE = 0.3


@dataclasses.dataclass(frozen=True)
class PlannedShard:
    """One file to be.

    Attributes:
        key: changes with everything that decides what the file holds.
        items: what its examples are made of, `CheckedSnippet`s.
        num_bytes: about how large it will be.
    """

    key: str
    items: tuple[CheckedSnippet, ...]
    num_bytes: int


def plan_shards(split, snippets, half_size, shard_config, kind):
    """Distributes the snippets of a split over shards.

    TFDS shuffles by writing everything twice. The snippets are files that can
    be read in any order, so here they are put in a random order, the same in
    every run, before they are read: the data set needs its disk space once.

    Args:
        split: name of the split.
        snippets: its `CheckedSnippet`s.
        half_size: whether frames are stored in half size.
        shard_config: has TFDS's rule of how many shards there are.
        kind: text that names whatever else decides what is in a shard.

    Returns:
        A list of `PlannedShard`.
    """
    ordered = sorted(snippets, key=_shuffled)
    share = _HALF_SIZE_SHARE if half_size else 1
    sizes = [round(share * snippet.num_bytes) for snippet in ordered]
    count = shard_config.get_number_shards(sum(sizes), len(ordered))
    count = min(count, len(ordered))
    bounds = [round(index * len(ordered) / count) for index in range(count + 1)]
    shards = []
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        members = tuple(ordered[start:end])
        digest = hashlib.sha256(f"{split} {kind} half={half_size}".encode())
        for member in members:
            digest.update(member.digest.encode())
        shards.append(
            PlannedShard(
                key=f"{split}-{digest.hexdigest()[:32]}",
                items=members,
                num_bytes=sum(sizes[start:end]),
            )
        )
    return shards


def _shuffled(checked):
    sequence_id = checked.snippet.sequence_id
    return hashlib.sha256(sequence_id.encode()).digest()
