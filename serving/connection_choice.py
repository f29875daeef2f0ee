"""Which connection ends when a server needs its place or its memory."""

import collections

# A request that arrives as fast as it can is read by then.
_READING_SECONDS = 1.0


def whose_place(connections):
    """The connection that makes room for a new one.

    Of the address that has most connections: one that is too slow; else one
    that was not answered anything yet; else the one that has waited longest
    for a request, and one in the middle of a request only if there is no
    other. Those at work stay.

    Args:
        connections: iterable of `Connection`.

    Returns:
        One of them; None if all are at work.
    """
    connections = list(connections)
    counts = collections.Counter(each.address for each in connections)

    def rank(connection):
        if connection.is_slow(_seconds(connection)):
            order = 0
        elif not connection.answers:
            order = 1
        else:
            order = 2 if connection.state == "idle" else 3
        return -counts[connection.address], order, connection.since

    waiting = [
        each
        for each in connections
        if each.state in ("idle", "reading") or each.is_slow(_seconds(each))
    ]
    return min(waiting, key=rank, default=None)


def whose_memory(connections):
    """Connections whose clients neither send nor take what fills memory.

    Args:
        connections: iterable of `Connection`.

    Returns:
        list of them, those first that take most.
    """
    slow = [
        each
        for each in connections
        if each.bytes and each.is_slow(each.server.limits.stall_seconds)
    ]
    return sorted(slow, key=lambda each: -each.bytes)


def _seconds(connection):
    if connection.state == "reading":
        return _READING_SECONDS
    return connection.server.limits.stall_seconds
