"""The description of data sets that are made on this machine only."""

import tensorflow_datasets as tfds


class LocalInfo(tfds.core.DatasetInfo):
    """A `tfds.core.DatasetInfo` that is never looked for in TFDS' bucket.

    TFDS looks there whenever a builder is made whose data set is not built,
    and leaves an empty folder among the temporary files each time.
    """

    def initialize_from_bucket(self):
        """Does nothing."""


def local_info(builder, **arguments):
    """As `builder.dataset_info_from_configs`, for data sets made here.

    Args:
        builder: a `tfds.core.DatasetBuilder`.
        **arguments: those of `tfds.core.DatasetInfo`.

    Returns:
        A `LocalInfo` with the text of the builder's README.md.
    """
    metadata = builder.get_metadata()
    return LocalInfo(
        builder=builder,
        description=metadata.description,
        citation=metadata.citation,
        **arguments,
    )
