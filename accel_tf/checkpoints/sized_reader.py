"""Files that are never asked for more bytes than they have."""

import io
import os


class SizedReader(io.BufferedReader):
    """A file opened for reading, for readers that believe what it says.

    `read(count)` of an ordinary file makes room for `count` bytes before it
    finds fewer, so that eight bytes of a small file could take any memory.

    Args:
        path: of the file.

    Attributes:
        size: its bytes.

    Raises:
        OSError: if it cannot be opened.
    """

    def __init__(self, path):
        super().__init__(io.FileIO(path))
        self.size = os.fstat(self.fileno()).st_size

    def read(self, count=-1):
        """At most `count` bytes; all that are left if it is negative."""
        left = max(self.size - self.tell(), 0)
        if count is None or count < 0:
            count = left
        return super().read(min(count, left))

    def seek(self, offset, whence=os.SEEK_SET):
        """As of any file, but a place before the first byte is no `OSError`.

        Raises:
            ValueError: if it is one.
        """
        if whence == os.SEEK_SET and offset < 0:
            raise ValueError("it names a place before its first byte")
        return super().seek(offset, whence)
