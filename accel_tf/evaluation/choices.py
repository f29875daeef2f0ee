"""What an evaluation lets one choose, without what it takes to do it."""

MODES = {
    "average": "the distances from the key frame take turns",
    "worst": "only the greatest distance from the key frame",
    "stream": "whole sequences, with the distances as they come",
    "every": "each labelled frame at each distance",
}
"""Names of the modes, and what they mean in a few words."""

ESTIMATORS = {
    "dis": "dense inverse search, medium preset (ECCV 2016)",
    "farneback": "polynomial expansion (SCIA 2003), for models that carry "
    "labels along dis",
}
"""Names of OpenCV's flows that can judge, and what they are."""
