"""People, their sessions, and keys of systems."""

import dataclasses
from typing import Any, Final

import sqlalchemy as sa

from gateway.accounts import ApiKey, Session, User
from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.house import account, api_key, login
from schemas.errors import NotFound, Stale
from schemas.ids import UserId

_USER: Final = sa.select(account.c.id, account.c.doc)
_BY_ID: Final = _USER.where(account.c.id == sa.bindparam("of_id"))
_BY_NAME: Final = _USER.where(account.c.name_folded == sa.bindparam("name"))
_ALL: Final = _USER.order_by(account.c.name_folded)
_UPDATE: Final = sa.update(account).where(account.c.id == sa.bindparam("row_id"))
_LOGIN: Final = sa.select(login.c.doc).where(login.c.token_sha256 == sa.bindparam("token"))
_END: Final = sa.delete(login).where(login.c.token_sha256 == sa.bindparam("token"))
_OVER: Final = sa.delete(login).where(login.c.expires_at < sa.bindparam("now"))
_KEY: Final = sa.select(api_key.c.doc).where(api_key.c.name == sa.bindparam("of_name"))
_KEY_BY_SECRET: Final = sa.select(api_key.c.doc).where(api_key.c.secret_sha256 == sa.bindparam("secret"))


class Accounts:
    """:class:`gateway.accounts.AccountStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def user(self, user: UserId) -> User | None:
        """By row id."""
        return self._one(_BY_ID, {"of_id": user})

    def user_named(self, name: str) -> User | None:
        """By log-in name, case-insensitive."""
        return self._one(_BY_NAME, {"name": _folded(name)})

    def put_user(self, user: User) -> User:
        """Insert (id 0) or replace; returns it with its id.

        Raises Stale where somebody else has the name, NotFound where there is no such id.
        """
        self._sql.lock("account")
        namesake = self.user_named(user.name)
        if namesake is not None and namesake.id != user.id:
            raise Stale("somebody else has this log-in name", subject=user.name)
        row = {
            "name_folded": _folded(user.name),
            "name": user.name,
            "units": to_json(user.units),
            "active": user.active,
            "doc": to_json(user),
        }
        if user.id == 0:
            return dataclasses.replace(user, id=UserId(self._sql.insert(account, row)))
        if self._sql.run(_UPDATE, {**row, "row_id": user.id}) == 0:
            raise NotFound("no account with this row id", subject=str(user.id))
        return user

    def users(self) -> tuple[User, ...]:
        """All, by name."""
        return tuple(_user(row) for row in self._sql.rows(_ALL))

    def session(self, token_sha256: str) -> Session | None:
        """By digest of the cookie; the caller looks at ``expires_at``."""
        doc = self._sql.scalar(_LOGIN, {"token": token_sha256})
        return None if doc is None else from_json(doc, Session)

    def put_session(self, session: Session) -> None:
        """Insert or replace by token digest; forgets sessions that were over before this one was seen."""
        self._sql.run(_OVER, {"now": session.seen_at})
        row = {
            "token_sha256": session.token_sha256,
            "account_id": session.user,
            "expires_at": session.expires_at,
            "doc": to_json(session),
        }
        self._sql.put(login, row)

    def end_session(self, token_sha256: str) -> None:
        """Log out."""
        self._sql.run(_END, {"token": token_sha256})

    def key(self, name: str) -> ApiKey | None:
        """By name."""
        doc = self._sql.scalar(_KEY, {"of_name": name})
        return None if doc is None else from_json(doc, ApiKey)

    def key_by_secret(self, secret_sha256: str) -> ApiKey | None:
        """By digest of the secret."""
        doc = self._sql.scalar(_KEY_BY_SECRET, {"secret": secret_sha256}) if secret_sha256 else None
        return None if doc is None else from_json(doc, ApiKey)

    def put_key(self, key: ApiKey) -> None:
        """Insert or replace by name."""
        row = {
            "name": key.name,
            "secret_sha256": key.secret_sha256,
            "units": to_json(key.units),
            "active": key.active,
            "doc": to_json(key),
        }
        self._sql.put(api_key, row)

    def _one(self, query: sa.Select[Any], values: dict[str, Any]) -> User | None:
        row = self._sql.row(query, values)
        return None if row is None else _user(row)


def _folded(name: str) -> str:
    return name.casefold()


def _user(row: Any) -> User:
    return dataclasses.replace(from_json(row.doc, User), id=UserId(row.id))
