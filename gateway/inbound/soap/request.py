"""One call that has come through the door: whose it is, what it says, and its nonce, not used yet."""

import dataclasses
import datetime as dt
import hashlib

from adapters._kit.soap import wsse
from adapters._kit.xml import Element
from gateway.accounts import AccountTx, ApiKey
from schemas.ids import Sha256
from schemas.ports.carrier import ContractPush


@dataclasses.dataclass(frozen=True, slots=True)
class SoapRequest:
    """``body`` is the one element of the Body, held against its schema; ``raw`` the whole envelope as it came."""

    operation: str
    body: Element
    raw: bytes
    key: ApiKey
    token: wsse.UsernameToken
    reader: ContractPush | None
    """The adapter of the key's peer, where it reads pushes."""
    now: dt.datetime
    correlation_id: str

    @property
    def sha256(self) -> Sha256:
        """Digest of the envelope as it came."""
        return Sha256(hashlib.sha256(self.raw).hexdigest())

    def use_nonce(self, tx: AccountTx) -> bool:
        """Use the token's nonce up; False where it was used before."""
        keep_until = self.token.created_at + 2 * wsse.WINDOW  # longer than any clock in the window can repeat it
        return tx.peers.use_nonce(f"soap:{self.key.name}", self.token.nonce_key, now=self.now, keep_until=keep_until)


def written(at: dt.datetime) -> str:
    """An Instant of the contract, in UTC to the millisecond."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
