"""Why an update of weights is refused."""


class UpdateError(ValueError):
    """An update of weights that cannot be made or must not be applied.

    The weights are what they were. After all kinds but `"duplicate"` a client
    goes on with the weights that it has and asks for a snapshot.

    Attributes:
        kind: why, one of `UpdateError.KINDS`:
            `"damaged"`: not the bytes of an update; cut short or changed on
            the way;
            `"version"`: made by another version of the format;
            `"architecture"`: made for another model;
            `"order"`: an update before it is missing;
            `"duplicate"`: it or a later one has been applied already;
            `"weights"`: the weights that it was applied to are not those
            that it was made for;
            `"size"`: it claims to be larger than the model allows;
            `"finite"`: it holds, or would make, NaN or infinity.
    """

    KINDS = (
        "damaged",
        "version",
        "architecture",
        "order",
        "duplicate",
        "weights",
        "size",
        "finite",
    )

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind
