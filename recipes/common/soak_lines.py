"""What an hour beside a flood has shown, as a list in Markdown."""


def format_soak(results):
    """The results in a few lines.

    Args:
        results: dict as `measure` of `soak_serving` gives it.
    """
    least, median, most = results["frames_of_a_stream"]
    sizes = [size for _, size in results["memory_mib"]]
    lines = [
        f"{results['streams']} streams of {results['size']} beside "
        f"{results['flood_clients']} bad clients for {results['seconds']} s: "
        f"{results['frames']} frames, {results['frames_that_differ']} with "
        f"other labels than a local stream's, {results['errors']} errors",
        f"a stream got {least} to {most} frames, {median:g} in the median",
        "a frame took "
        + "; ".join(
            f"{_milliseconds(results['milliseconds'][part])} {name}"
            for name, part in {
                "in all": "all",
                "in the first half": "first_half",
                "in the last half": "last_half",
            }.items()
        ),
        f"the server took {max(sizes):.0f} MiB at most; in the last half it "
        f"grew by {results['growth_in_last_half_mib']:.1f} MiB",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _milliseconds(waits):
    return (
        f"{waits['p50']:.0f} ms in the median, p99 {waits['p99']:.0f} ms, at "
        f"most {waits['longest']:.0f} ms"
    )
