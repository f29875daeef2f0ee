"""Repeated measurements in three numbers."""

import statistics


def spread(values, digits=4):
    """Median, least and greatest of numbers, rounded.

    Returns:
        dict with the keys `"median"`, `"lowest"` and `"highest"`.
    """
    return {
        "median": round(statistics.median(values), digits),
        "lowest": round(min(values), digits),
        "highest": round(max(values), digits),
    }
