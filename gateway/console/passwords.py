"""Passwords: argon2id in a thread, a few at a time, because a hash costs a third of a second and 64 MB on purpose."""

import asyncio

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.sections import Argon2


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self, rules: Argon2) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=rules.time_cost, memory_cost=rules.memory_kib, parallelism=rules.parallelism
        )
        self._turns = asyncio.Semaphore(rules.at_once)
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """The hash to keep, in PHC form."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is right. None, for an account that does not exist, takes the same time and is wrong."""
        if password_hash is None and not self._nobody:
            self._nobody = await self.hash("nobody")
        async with self._turns:
            right = await asyncio.to_thread(self._verify, password_hash or self._nobody, password)
        return right and password_hash is not None

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with weaker rules than today's; the next log-in makes it new."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def hash_password(password: str, rules: Argon2) -> str:
    """The hash to keep, for commands that run without an event loop."""
    hasher = argon2.PasswordHasher(
        time_cost=rules.time_cost, memory_cost=rules.memory_kib, parallelism=rules.parallelism
    )
    return hasher.hash(password)
