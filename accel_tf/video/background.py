"""Work beside the main thread: iteration ahead of it, writing behind it.

    with write_behind(writer.write) as write:
        for frame in read_ahead(video):
            write(segment(frame))

Decoding, drawing and encoding are the work of FFmpeg, OpenCV and zlib, which
run while other threads run Python, so all of it goes on during the model's
step.
"""

import contextlib
import queue
import threading

from accel_tf.video.video_reader import SourceLostError

_END = object()  # It is queued after the last item.


def read_ahead(iterable, size=8, stop=None):
    """Iterates in a background thread, up to `size` items ahead.

    Decoding the next frames while a model works on this one hides the time
    that decoding takes. At most `size` items are held. An exception of the
    iterable is raised again here, after the items before it. The thread
    starts with the first item that is asked for and has ended when the
    iterable is exhausted, an exception left this generator, or the generator
    was closed (a `for` loop that breaks drops and so closes it).

    Args:
        iterable: Any iterable; it is iterated in the other thread.
        size: How many items may be ready in advance, at least 1.
        stop: Called without arguments before the thread is waited for, so
            that it does not wait for its source for ever:
            `VideoReader.stop` of the video that is read.

    Returns:
        A generator of the same items in the same order.

    Raises:
        ValueError: `size` is below 1.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")
    return _read_ahead(iterable, size, stop)


def _read_ahead(iterable, size, stop):
    results = queue.SimpleQueue()
    # Taken before an item is computed rather than before it is queued: a
    # bounded queue would let the thread hold one more item in its hand.
    free_places = threading.Semaphore(size)
    stopped = threading.Event()

    def produce():
        try:
            iterator = iter(iterable)
            while free_places.acquire() and not stopped.is_set():
                try:
                    results.put((next(iterator), None))
                except StopIteration:
                    results.put((None, _END))
                    break
        except BaseException as error:
            results.put((None, error))

    thread = threading.Thread(target=produce, name="read_ahead", daemon=True)
    try:
        thread.start()
        while True:
            item, error = results.get()
            if error is _END:
                return
            if error is not None:
                raise error
            free_places.release()
            yield item
    finally:
        stopped.set()
        free_places.release()
        if stop is not None:
            stop()
        if thread.is_alive():
            thread.join()


@contextlib.contextmanager
def write_behind(write, size=4):
    """Calls a function in a background thread, call by call in order.

        with write_behind(writer.write) as write:
            write(frame)

    At most `size` calls wait or are under way; a further one waits for a free
    place. When the block ends, normally or with KeyboardInterrupt or
    `SourceLostError`, the calls given so far are finished first. A second
    KeyboardInterrupt, or any other exception in the block, drops all but the
    call under way. In no case does the thread go on afterwards.

    Args:
        write: The function; what it returns is dropped.
        size: How many calls may be unfinished, at least 1.

    Returns:
        A context manager that gives a function of the same arguments.

    Raises:
        ValueError: `size` is below 1.
        Exception: What `write` raised, at the next call or else on leaving
            the block. The calls after it are dropped.
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")
    calls = queue.SimpleQueue()
    free_places = threading.Semaphore(size)
    dropped, ended = threading.Event(), threading.Event()
    errors = []

    def work():
        # Places become free after an error too: nobody waits for ever.
        while (arguments := calls.get()) is not _END:
            try:
                if not errors and not dropped.is_set():
                    write(*arguments)
            except BaseException as error:
                errors.append(error)
            del arguments  # Not held while the next call is waited for.
            free_places.release()
        ended.set()

    def write_later(*arguments):
        free_places.acquire()
        if errors:
            raise errors[0]
        calls.put(arguments)

    thread = threading.Thread(target=work, name="write_behind", daemon=True)
    is_wanted = is_interrupted = False
    try:
        thread.start()
        yield write_later
        is_wanted = True
    except KeyboardInterrupt:
        is_wanted = is_interrupted = True
        raise
    except SourceLostError:
        is_wanted = True  # As after an interrupt, the frames are kept.
        raise
    finally:
        if not is_wanted:
            dropped.set()
        calls.put(_END)
        interrupt = None
        # Not alive where its start was interrupted; then it ends by itself.
        while thread.is_alive() and not ended.is_set():
            try:
                # Not `join`: interrupted, it takes the thread for ended.
                ended.wait()
            except KeyboardInterrupt as another:
                if is_interrupted:
                    dropped.set()
                is_interrupted, interrupt = True, another
        if thread.is_alive():
            thread.join()
        if is_wanted and errors:
            raise errors[0]
        if interrupt:
            raise interrupt
