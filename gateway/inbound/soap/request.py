"""One call that has come through the door: whose it is, what it says, and its nonce, not used yet."""

import dataclasses
import datetime as dt
import hashlib

from adapters._kit import redact, xml
from adapters._kit.soap import wsse
from adapters._kit.xml import Element
from gateway.accounts import AccountTx, ApiKey
from gateway.inbound.soap.eyes import Eyes
from schemas.ids import Sha256
from schemas.ports.carrier import ContractPush


@dataclasses.dataclass(frozen=True, slots=True)
class SoapRequest:
    """``body`` is the one element of the Body, held against its schema; ``raw`` the whole envelope as it came."""

    operation: str
    body: Element
    raw: bytes
    key: ApiKey
    token: wsse.UsernameToken | None
    """None for a caller that showed its certificate."""
    reader: ContractPush | None
    """The adapter of the key's peer, where it reads pushes."""
    now: dt.datetime
    correlation_id: str

    @property
    def eyes(self) -> Eyes:
        """What the caller may see."""
        return Eyes.of(self.key, self.reader)

    @property
    def content(self) -> Sha256:
        """Digest of the canonical body, by which a repetition is recognised whatever prefixes and tokens it has."""
        return Sha256(hashlib.sha256(xml.canonical(self.body)).hexdigest())

    @property
    def kept(self) -> bytes:
        """The envelope as it is stored: as it came, but for a password in clear."""
        return redact.body(self.raw) if self.token is not None and self.token.clear else self.raw

    @property
    def sha256(self) -> Sha256:
        """Digest of the envelope as it is stored."""
        return Sha256(hashlib.sha256(self.kept).hexdigest())

    def use_nonce(self, tx: AccountTx) -> bool:
        """Use the token's nonce up; False where it was used before. True where there is none to be used."""
        token = self.token
        if token is None or not token.nonce:  # TLS lets nobody repeat it; a bare password proves as much as a new one
            return True
        keep_until = (token.created_at or self.now) + 2 * wsse.WINDOW  # longer than any clock in the window repeats it
        return tx.peers.use_nonce(f"soap:{self.key.name}", token.nonce_key, now=self.now, keep_until=keep_until)


def written(at: dt.datetime) -> str:
    """An Instant of the contract, in UTC to the millisecond."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
