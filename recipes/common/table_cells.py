"""Markdown tables of recorded times: heads and cells that several share."""


def table_head(titles):
    """The two lines above the rows of a table.

    Args:
        titles: of its columns, with `|` between them.
    """
    return [f"| {titles} |", "|---" * (titles.count("|") + 1) + "|"]


def median_and_lowest(times):
    """A cell of times, as `accel_tf.benchmark.spread.spread` gives them."""
    return f"{times['median']:.2f} ({times['lowest']:.2f})"


def with_range(ratios):
    """A cell of ratios, as `spread` gives them."""
    return (
        f"{ratios['median']:.2f} "
        f"({ratios['lowest']:.2f} to {ratios['highest']:.2f})"
    )
