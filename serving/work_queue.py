"""A fair queue in front of the work of a server."""

import contextlib
import threading
import time

from accel_tf.serving.fair_shares import Share, Shares
from accel_tf.serving.http_request import HttpError

# Of the seconds of a request: the weight of the last one in the mean, and how
# much more than the mean it may count. The first ones of a model take longest.
_NEWEST = 0.2
_LARGEST = 10.0
_LARGEST_AT_FIRST = 0.1
_REMEMBERED_ADDRESSES = 1024
# Which of those who are chosen are the ones that came first: whoever was
# costly, such as the first to be served, is not kept waiting without end.
_FIRST_OF_ALL = 4
_FIRST_OF_ADDRESS = 2


class ClientGone(ConnectionError):
    """The client has left before its request's turn."""


class WorkQueue:
    """Gives each request its turn: few are worked on at a time.

    Addresses share the work, and so do the connections of an address: the
    next is who has had least of it, and of equals who came first; now and then
    it is who came first, whatever he has had. A quarter of the places is kept
    for other addresses than one. When more wait than should, those go that
    would have to wait longest among the requests of the address of which most
    wait.

    Args:
        limits: `HttpLimits`.
        clock: function that gives the time in seconds.

    Attributes:
        arrivals: requests that came so far.
    """

    def __init__(self, limits, clock=time.monotonic):
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._shares = Shares()
        self._addresses = {}
        self._working = 0
        self._abandoned = 0
        self._waiting = 0
        self.arrivals = 0
        self._choices = 0
        self._seconds = 0.0

    @property
    def waiting(self):
        """How many wait at the moment."""
        return self._waiting

    @property
    def working(self):
        """How many are worked on at the moment."""
        return self._working

    @contextlib.contextmanager
    def turn(self, ticket):
        """Waits for a request's turn; the block inside is the work.

        Args:
            ticket: a new `Ticket`.

        Raises:
            HttpError: 429; too many wait.
            ClientGone: the client has left meanwhile.
        """
        with self._lock:
            if ticket.state == "new":
                self._join(ticket)
        ticket.decided.wait()
        if ticket.state == "gone":
            raise ClientGone("the client has left")
        if ticket.state == "dropped":
            raise HttpError(
                429,
                f"{self._limits.in_flight} requests are in flight and "
                f"{self._waiting} wait, as many as may; try again later",
            )
        try:
            yield
        finally:
            with self._lock:
                self._end(ticket)

    def leave(self, ticket):
        """Notes that the client of a request is gone.

        If it waits, it waits no longer; if it is worked on, which cannot be
        broken off, its place goes to another one, of as many as may be in
        flight.
        """
        with self._lock:
            if ticket.state == "new":
                ticket.decide("gone")
            elif ticket.state == "waiting":
                self._remove(ticket, "gone")
            elif (
                ticket.state == "working"
                and self._abandoned < self._limits.in_flight
            ):
                ticket.state = "abandoned"
                self._abandoned += 1
                self._vacate(ticket)

    def forget(self, address, connection):
        """Notes that a connection has ended."""
        with self._lock:
            if address in self._addresses:
                self._addresses[address].connections.pop(connection, None)

    def expected_seconds(self):
        """How long it takes until all have had their turn who wait now."""
        return self._waiting * self._seconds / self._limits.in_flight

    def _join(self, ticket):
        address = self._address(ticket.address)
        ticket.state = "waiting"
        ticket.number = self.arrivals
        self.arrivals += 1
        connection = address.connections.setdefault(ticket.connection, Share())
        ticket.start = address.shares.enter(connection)
        address.waiting.append(ticket)
        self._waiting += 1
        self._admit()
        if self._waiting > self._room():
            most = max(self._addresses.values(), key=lambda a: len(a.waiting))
            # Of equals the one that is there keeps its place.
            if len(most.waiting) <= len(address.waiting):
                most = address
            self._remove(max(most.waiting, key=Ticket.rank), "dropped")

    def _room(self):
        """How many may wait."""
        limits = self._limits
        if not self._seconds:
            return limits.waiting
        quickly = limits.waiting_seconds * limits.in_flight / self._seconds
        # A short queue is none: it would turn away whom it could serve.
        return min(limits.waiting, max(quickly, limits.in_flight))

    def _address(self, name):
        if len(self._addresses) > _REMEMBERED_ADDRESSES:
            self._addresses = {
                key: each
                for key, each in self._addresses.items()
                if each.is_active() or each.connections
            }
        address = self._addresses.setdefault(name, _Address())
        if not address.is_active():
            self._shares.enter(address)
        return address

    def _admit(self):
        """Lets as many begin as may."""
        kept = self._limits.in_flight // 4
        while self._waiting and self._working < self._limits.in_flight:
            able = [
                each
                for each in self._addresses.values()
                if each.waiting and each.working < self._limits.in_flight - kept
            ]
            if not able:
                return
            rank = _Address.rank
            if len(able) > 1:
                self._choices += 1
                if self._choices % _FIRST_OF_ALL == 0:
                    rank = _Address.first
            address = min(able, key=rank)
            self._begin(address, address.choose())

    def _begin(self, address, ticket):
        address.waiting.remove(ticket)
        self._waiting -= 1
        address.working += 1
        self._working += 1
        ticket.began = self._clock()
        # So that one does not take all places before it is known what it
        # costs.
        ticket.charged = address.seconds
        self._charge(ticket, ticket.charged)
        ticket.decide("working")

    def _charge(self, ticket, seconds):
        address = self._addresses[ticket.address]
        active = sum(each.is_active() for each in self._addresses.values())
        self._shares.charge(address, seconds, active)
        connection = address.connections.get(ticket.connection, Share())
        sharing = len(address.waiting) + address.working
        address.shares.charge(connection, seconds, sharing)

    def _end(self, ticket):
        seconds = self._clock() - ticket.began
        address = self._addresses[ticket.address]
        self._charge(ticket, seconds - ticket.charged)
        address.seconds = _mean(address.seconds, seconds)
        self._seconds = _mean(self._seconds, seconds)
        if ticket.state == "abandoned":
            self._abandoned -= 1
        else:
            self._vacate(ticket)

    def _vacate(self, ticket):
        self._addresses[ticket.address].working -= 1
        self._working -= 1
        self._admit()

    def _remove(self, ticket, state):
        self._addresses[ticket.address].waiting.remove(ticket)
        self._waiting -= 1
        ticket.decide(state)


class Ticket:
    """A request's place in a `WorkQueue`.

    Args:
        address: of the client; any hashable value.
        connection: on which it came; any hashable value.

    Attributes:
        state: `"new"`, `"waiting"`, `"working"`, `"abandoned"` if its client
            left while it was worked on, `"dropped"` if too many waited,
            `"gone"` if its client left before.
        decided: an event, set when it waits no longer.
        number: how many came before it.
        start: when its turn would begin, in the time of its address.
        began: time at which it did.
        charged: seconds that were counted then.
    """

    def __init__(self, address, connection):
        self.address, self.connection = address, connection
        self.state = "new"
        self.decided = threading.Event()
        self.number, self.start = 0, 0.0
        self.began, self.charged = 0.0, 0.0

    @property
    def is_gone(self):
        """Whether its client has left."""
        return self.state in ("gone", "abandoned")

    def rank(self):
        """Who has the least goes first."""
        return self.start, self.number

    def decide(self, state):
        """Ends the wait."""
        self.state = state
        self.decided.set()


class _Address(Share):
    """The requests of one address."""

    def __init__(self):
        super().__init__()
        self.shares = Shares()
        self.connections = {}
        self.waiting = []
        self.working = 0
        self.seconds = 0.0
        self.choices = 0

    def is_active(self):
        return bool(self.waiting or self.working)

    def rank(self):
        """Who has the least goes first; only of those with waiting ones."""
        return self.served_until, self.working, self.first()

    def first(self):
        """Number of the request that came first."""
        return min(ticket.number for ticket in self.waiting)

    def choose(self):
        """Which request is next."""
        if len(self.waiting) > 1:
            self.choices += 1
            if self.choices % _FIRST_OF_ADDRESS == 0:
                return min(self.waiting, key=lambda ticket: ticket.number)
        return min(self.waiting, key=Ticket.rank)


def _mean(mean, seconds):
    seconds = min(seconds, _LARGEST * mean + _LARGEST_AT_FIRST)
    return mean + _NEWEST * (seconds - mean)
