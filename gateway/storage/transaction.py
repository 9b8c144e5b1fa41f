"""The transaction that a ``fn(tx)`` gets: every store of the house on one connection."""

from collections.abc import Callable
from functools import cached_property

from sqlalchemy.engine import Connection

from gateway.storage.accounts import Accounts
from gateway.storage.audit import Audit, ChainEnd
from gateway.storage.bags import Bags
from gateway.storage.bodies import Bodies
from gateway.storage.catalogue import Catalogue
from gateway.storage.discrepancies import Discrepancies
from gateway.storage.documents import Documents
from gateway.storage.dossiers import Dossiers
from gateway.storage.events import Events
from gateway.storage.inbox import Inbox
from gateway.storage.items import Items
from gateway.storage.learned import Calls, LearnedLags, Volumes
from gateway.storage.messages import Messages
from gateway.storage.nominate import Nominations
from gateway.storage.numbers import Numbers
from gateway.storage.peers import Feeds, FirstAnswers, Peers
from gateway.storage.schedule import Schedule
from gateway.storage.sql import Sql
from gateway.storage.stations import Stations
from gateway.storage.texts import Texts
from gateway.storage.tickets import Tickets
from gateway.storage.trade import Trade


class GatewayTx:
    """:class:`schemas.ports.stores.Tx` and what only the gateway needs: accounts, retention, the connection itself.

    Stores are made when they are first asked for; most functions need two of the twenty-two.
    """

    def __init__(self, connection: Connection, end: ChainEnd) -> None:
        self._sql = Sql(connection)
        self._end = end
        self._acts: list[Callable[[], None]] = []

    @cached_property
    def dossiers(self) -> Dossiers:
        """Dossiers, whole aggregates."""
        return Dossiers(self._sql)

    @cached_property
    def items(self) -> Items:
        """Items, bookings and packings."""
        return Items(self._sql)

    @cached_property
    def events(self) -> Events:
        """The log of events."""
        return Events(self._sql)

    @cached_property
    def messages(self) -> Messages:
        """The outbox."""
        return Messages(self._sql)

    @cached_property
    def inbox(self) -> Inbox:
        """What came in."""
        return Inbox(self._sql)

    @cached_property
    def discrepancies(self) -> Discrepancies:
        """Cases."""
        return Discrepancies(self._sql)

    @cached_property
    def feeds(self) -> Feeds:
        """Cursors and health of feeds."""
        return Feeds(self._sql)

    @cached_property
    def peers(self) -> Peers:
        """Breakers, stops and nonces of peers."""
        return Peers(self._sql)

    @cached_property
    def idempotency(self) -> FirstAnswers:
        """First answers by key."""
        return FirstAnswers(self._sql)

    @cached_property
    def numbers(self) -> Numbers:
        """Leased blocks of numbers."""
        return Numbers(self._sql)

    @cached_property
    def documents(self) -> Documents:
        """Scanned documents."""
        return Documents(self._sql)

    @cached_property
    def texts(self) -> Texts:
        """Words of scanned documents."""
        return Texts(self._sql)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Units, procedures, agreements, calendars."""
        return Catalogue(self._sql)

    @cached_property
    def bags(self) -> Bags:
        """Bags, manifests, dispatches."""
        return Bags(self._sql)

    @cached_property
    def trade(self) -> Trade:
        """Invoice lines, tariffs, corridors, service profiles."""
        return Trade(self._sql)

    @cached_property
    def tickets(self) -> Tickets:
        """Tickets that we gave, and those that we opened at peers."""
        return Tickets(self._sql)

    @cached_property
    def audit(self) -> Audit:
        """The hash chain."""
        return Audit(self._sql, self._end)

    @cached_property
    def nominations(self) -> Nominations:
        """Work lists for the full pass."""
        return Nominations(self._sql)

    @cached_property
    def learned(self) -> LearnedLags:
        """What the log taught."""
        return LearnedLags(self._sql)

    @cached_property
    def volumes(self) -> Volumes:
        """New events by the hour."""
        return Volumes(self._sql)

    @cached_property
    def calls(self) -> Calls:
        """The ledger of calls to peers."""
        return Calls(self._sql)

    @cached_property
    def schedule(self) -> Schedule:
        """Slots of periodic work."""
        return Schedule(self._sql)

    @cached_property
    def accounts(self) -> Accounts:
        """People, sessions, keys."""
        return Accounts(self._sql)

    @cached_property
    def stations(self) -> Stations:
        """District scanning stations."""
        return Stations(self._sql)

    @cached_property
    def bodies(self) -> Bodies:
        """Bytes of messages and answers; for the end of their retention."""
        return Bodies(self._sql)

    @property
    def connection(self) -> Connection:
        """The connection, for a bell that defers its job in the business transaction. Never commit it."""
        return self._sql.connection

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call ``act`` once the transaction is durable (ring a bell); never when it rolled back. Must not block."""
        self._acts.append(act)

    def finish(self) -> tuple[Callable[[], None], ...]:
        """Chain the audit rows; returns what to call after the commit. Called once, by whoever commits."""
        if "audit" in self.__dict__:
            self.audit.chain()
        return tuple(self._acts)
