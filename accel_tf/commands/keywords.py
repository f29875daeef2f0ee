"""From options to the arguments of a function."""

_OF_EVERY_VERB = {"verb", "run", "quiet"}


def keywords(arguments):
    """A verb's own options, of what has an argument for each.

    Args:
        arguments: an `argparse.Namespace`.

    Returns:
        dict.
    """
    given = vars(arguments).items()
    return {name: value for name, value in given if name not in _OF_EVERY_VERB}
