"""The sessions of a server's edges, in memory and on the disk."""

import asyncio
import collections
import pathlib
import time

from accel_tf.distill.server_session import ServerSession
from accel_tf.distill.student import read_state_record
from accel_tf.messages import one_line

_SECONDS_BETWEEN_FRAMES = 60.0  # Of savings with all frames.


class SessionStore:
    """Gives the session of an edge: from memory, from the disk, or a new one.

    Args:
        classroom: `Classroom`.
        folder: in which what students learnt outlives the server, made if
            it is missing; `None` for none.
        most: sessions at a time. Where there are more, those that were used
            first are forgotten, or read from `folder` when they are wanted.
        is_there: function of the name of an edge, whether it is connected;
            those that are stay.
        log: called with a line where a session cannot be saved.

    Raises:
        ValueError, OSError: one line, if the folder cannot be used or holds
            what students of another model learnt.

    Attributes:
        sessions: dict of edge -> `ServerSession`, the longest unused first.
    """

    def __init__(self, classroom, folder, most, is_there, log):
        self._classroom, self._most = classroom, most
        self._is_there, self._log = is_there, log
        self._folder = None if folder is None else pathlib.Path(folder)
        self.sessions = collections.OrderedDict()
        self._loading, self._frames_saved = {}, {}
        if self._folder is not None:
            self._check_folder()

    def _check_folder(self):
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(
                f"cannot make the folder {self._folder}: {error.strerror}."
            ) from error
        for path in sorted(self._folder.glob("*/session.json")):
            read_state_record(path.parent, self._classroom)

    async def session(self, name):
        """The session of an edge; `None` if all that fit are connected.

        Args:
            name: of the edge, as a message states it.

        Raises:
            ValueError, OSError: one line, if what the disk has of it cannot
                be read.
        """
        if name not in self.sessions:
            if not await self._make_room():
                return None
            # Two connections of one edge may ask at once.
            if name not in self._loading:
                self._loading[name] = asyncio.ensure_future(
                    asyncio.to_thread(self._load, name)
                )
            try:
                session = await asyncio.shield(self._loading[name])
            finally:
                self._loading.pop(name, None)
            self.sessions.setdefault(name, session)
        self.sessions.move_to_end(name)
        return self.sessions[name]

    def next_due(self, now):
        """A session with work to do, in turns; `None` if none has.

        Args:
            now: as for `ServerSession.due`.
        """
        for name, session in self.sessions.items():
            if session.due(now):
                self.sessions.move_to_end(name)
                return session
        return None

    async def save(self, session, is_last=True):
        """Writes a session, if there is a folder.

        Args:
            session: `ServerSession`, which does not run a phase.
            is_last: whether with its frames, which are many; else these are
                written once a minute.
        """
        if self._folder is None:
            return
        folder, now = self._folder / session.edge, time.monotonic()
        since = now - self._frames_saved.get(session.edge, -1e9)
        with_frames = is_last or since >= _SECONDS_BETWEEN_FRAMES

        def write():
            folder.mkdir(exist_ok=True)
            session.save(folder, with_frames)

        try:
            await asyncio.to_thread(write)
        except OSError as error:
            self._log(f"{session.edge}: cannot be saved, {one_line(error)}")
        else:
            if with_frames:
                self._frames_saved[session.edge] = now

    def _load(self, name):
        session = ServerSession(self._classroom, name)
        folder = None if self._folder is None else self._folder / name
        if folder is not None and folder.exists():
            session.load(folder)
        return session

    async def _make_room(self):
        while len(self.sessions) + len(self._loading) >= self._most:
            away = [
                session
                for name, session in self.sessions.items()
                if not self._is_there(name) and not session.is_busy
            ]
            if not away:
                return False
            name = away[0].edge
            await self.save(away[0])
            if not self._is_there(name) and not away[0].is_busy:
                self.sessions.pop(name, None)
        return True
