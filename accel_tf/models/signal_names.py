"""Names of what a step can tell of a frame, and who can tell it."""

MOTION = "motion"
RESIDUAL = "residual"
TRUST = "trust"
DISAGREEMENT = "disagreement"
SIGNALS = {
    MOTION: "mean way since the frame before, in heights of the frame",
    RESIDUAL: "mean difference in brightness, of 1, to the frame before as "
    "the flow moves it",
    TRUST: "mean trust in the flow from the key frame, 0 to 1",
    DISAGREEMENT: "share of the pixels in which the carried scores and the "
    "update branch prefer different classes",
}
"""Names of the signals, and what they are."""


def check_signals(model, names, who):
    """Makes sure that a model can tell what is asked of it.

    Args:
        model: a `VideoSegmenter`, in whatever runtime.
        names: of signals.
        who: asks for them, for the message.

    Raises:
        ValueError: one line, if there is one that it cannot tell.
    """
    known = getattr(model, "signals", ())
    missing = [name for name in names if name not in known]
    if not missing:
        return
    if not model.uses_key_frames:
        reason = "has no key frames that could be chosen"
    elif hasattr(model, "compile_step"):
        reason = "runs outside of Keras and tells no signals"
    else:
        told = ", ".join(known) or "none"
        reason = f"tells no {', '.join(missing)} (it tells: {told})"
    raise ValueError(
        f"{who} cannot choose key frames of {model.name}, which {reason}; "
        "take a fixed interval."
    )
