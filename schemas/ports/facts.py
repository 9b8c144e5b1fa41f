"""How a wing tells the house that something happened, inside the transaction in which it happened."""

from typing import Protocol

from schemas.message import Fact
from schemas.ports.stores import Tx


class Tell(Protocol):
    """The router: turns a fact into one message per peer, in the same transaction."""

    def __call__(self, tx: Tx, fact: Fact) -> None:
        """Put the messages that ``fact`` asks for."""
        ...
