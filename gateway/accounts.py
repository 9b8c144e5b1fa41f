"""Who may come in: people with roles and units, sessions, and keys of systems. Records and the port of their store."""

import dataclasses
import datetime as dt
import enum
from collections.abc import Callable
from typing import Protocol, TypeVar

from gateway.stations import StationStore
from schemas.ids import PeerId, UnitId, UserId
from schemas.ports.stores import Tx

T = TypeVar("T")


class Role(enum.StrEnum):
    """What a person may do; a person can hold several."""

    CLERK = "clerk"
    SCANNER = "scanner"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclasses.dataclass(frozen=True, slots=True)
class User:
    """A local account. ``units`` empty means every unit. ``password_hash`` is argon2id in PHC form."""

    id: UserId
    name: str
    full_name: str
    password_hash: str
    roles: tuple[Role, ...]
    units: tuple[UnitId, ...]
    active: bool
    failures: int
    locked_until: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """A logged-in browser. ``token_sha256`` is the digest of the cookie; ``csrf`` goes into every form."""

    token_sha256: str
    user: UserId
    csrf: str
    created_at: dt.datetime
    seen_at: dt.datetime
    expires_at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a system. ``secret_sha256`` is the digest of a 256-bit random secret (no password hashing needed).

    ``password`` is the shared password of SOAP UsernameToken digests, which must be kept readable; empty for REST keys.
    ``peer`` ties a SOAP sender or webhook to its adapter.
    """

    name: str
    secret_sha256: str
    password: str
    roles: tuple[Role, ...]
    units: tuple[UnitId, ...]
    peer: PeerId | None
    active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Principal:
    """Who makes this request, as the desk and the audit log know it. ``units`` None means every unit."""

    who: str
    """``user:<name>`` or ``key:<name>``."""
    shown: str
    """Name as a screen or the portal may show it."""
    roles: frozenset[Role]
    units: tuple[UnitId, ...] | None
    peer: PeerId | None = None


class AccountStore(Protocol):
    """Accounts inside a transaction (``tx.accounts`` of the gateway's own transaction)."""

    def user(self, user: UserId) -> User | None:
        """By row id."""
        ...

    def user_named(self, name: str) -> User | None:
        """By log-in name, case-insensitive."""
        ...

    def put_user(self, user: User) -> User:
        """Insert (id 0) or replace; returns it with its id."""
        ...

    def users(self) -> tuple[User, ...]:
        """All, by name."""
        ...

    def session(self, token_sha256: str) -> Session | None:
        """By digest of the cookie."""
        ...

    def put_session(self, session: Session) -> None:
        """Insert or replace by token digest."""
        ...

    def end_session(self, token_sha256: str) -> None:
        """Log out."""
        ...

    def key(self, name: str) -> ApiKey | None:
        """By name."""
        ...

    def key_by_secret(self, secret_sha256: str) -> ApiKey | None:
        """By digest of the secret."""
        ...

    def put_key(self, key: ApiKey) -> None:
        """Insert or replace by name."""
        ...


class AccountTx(Tx, Protocol):
    """A transaction of the gateway's own store: everything of :class:`schemas.ports.stores.Tx`, and the accounts."""

    @property
    def accounts(self) -> AccountStore:
        """People, sessions and keys."""
        ...

    @property
    def stations(self) -> StationStore:
        """District scanning stations."""
        ...


class GatewayStore(Protocol):
    """The gateway's own store, as the edge needs it; fits wherever a :class:`schemas.ports.stores.Store` is wanted."""

    async def write(self, fn: Callable[[AccountTx], T]) -> T:
        """Run ``fn`` in a transaction; returns when it is durable."""
        ...

    async def read(self, fn: Callable[[AccountTx], T]) -> T:
        """Run ``fn`` on a consistent snapshot; it must not write."""
        ...
