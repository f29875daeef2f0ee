"""Only the newest of the items that come while one is worked on."""

import dataclasses
import threading


def newest(frames, on_drop):
    """Iterates in a background thread and keeps only the newest frame.

    Args:
        frames: Generator of `VideoFrame`.
        on_drop: Called without arguments for each frame that is left out.

    Returns:
        A generator of the frames that were not. What `frames` raises is
        raised again after the last of them.
    """
    changed = threading.Condition()
    held, errors, is_over = [], [], False

    def keep(frame):
        if held:
            on_drop()
            if held.pop().starts_anew:
                # The one that follows the gap must say so.
                frame = dataclasses.replace(frame, starts_anew=True)
        held.append(frame)

    def work():
        nonlocal is_over
        try:
            for frame in frames:
                with changed:
                    if is_over:
                        break
                    keep(frame)
                    changed.notify()
        except BaseException as error:
            errors.append(error)
        finally:
            frames.close()
            with changed:
                is_over = True
                changed.notify()

    thread = threading.Thread(target=work, name="newest", daemon=True)
    thread.start()
    try:
        while True:
            with changed:
                changed.wait_for(lambda: held or is_over)
                if not held:
                    break
                frame = held.pop()
            yield frame
        if errors:
            raise errors[0]
    finally:
        with changed:
            is_over = True
        thread.join()
