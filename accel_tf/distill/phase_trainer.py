"""Phases of training with a few weights free."""

STATISTICS = ("sent", "frozen")


class PhaseTrainer:
    """Trains students, each a `StudentState`, with one model as their form.

        space = ParameterSpace(model)
        trainer = PhaseTrainer(model, space, class_indices=[0, 2, 8, 10])
        state = StudentState.fresh(space, space.read())
        rng = np.random.default_rng(0)
        result = trainer.run_phase(
            state, buffer, GradientGuided(0.05), 20, 8, rng
        )

    The loss is the mean cross entropy of the classes of the subset over the
    pixels whose label is one of them. Adam goes on from phase to phase, with
    an epsilon of 1e-8; its moments follow all weights, also those that do
    not move. The model's own weights are neither read nor written, and its
    program is compiled once for each size of minibatch; threads may share a
    trainer.

    Args:
        model: a `VideoSegmenter`.
        space: its `ParameterSpace`.
        learning_rate: of Adam.
        class_indices: the classes that the video has; all by default.
        statistics: `"sent"`: batches are normalised with their own
            statistics, and the moving ones follow, which the edge must be
            sent. `"frozen"`: with the moving statistics, which stay; other
            parts behave as in inference too (no dropout).

    Raises:
        ValueError: if an argument is not of that kind.
    """

    def __init__(
        self,
        model,
        space,
        learning_rate=1e-3,
        class_indices=None,
        statistics="sent",
    ):
        if statistics not in STATISTICS:
            raise ValueError(
                f'statistics is "{statistics}"; it is one of '
                f"{', '.join(STATISTICS)}."
            )
        self.space = space
        self.learning_rate = float(learning_rate)
        self.statistics = statistics

    def run_phase(self, state, buffer, selector, iterations, batch_size, rng):
        """Runs one phase.

        Args:
            state: `StudentState` that it goes on from.
            buffer: `ReplayBuffer`.
            selector: `Selector` of the weights that it may change.
            iterations: of Adam.
            batch_size: frames of each.
            rng: `numpy.random.Generator`; minibatches and selectors draw
                from it.

        Returns:
            `PhaseResult`. Where there is nothing to learn from (an empty
            buffer, labels of no class), or the loss or a gradient is NaN or
            infinite, the phase is skipped and the result says why.

        Raises:
            ValueError: if the state is of another model, or a number is less
                than 1.
        """
        raise NotImplementedError
