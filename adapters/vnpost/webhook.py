"""The webhook: RSA PKCS#1 v1.5 with SHA-256 over UTF-8(``Data`` + ``SendDate``), by one of the pinned public keys.

The signature stands inside the body, so the gateway stores the raw bytes under its quota; nothing is applied before
:meth:`Webhook.parse` has verified them. Where it ends: a delivery is proven by its texts as they came, byte for byte;
a delivery of another day is old news; the same texts in another wrapping are the same delivery.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence

from adapters._kit.json import dump, parse
from adapters._kit.signatures import RsaVerifier
from adapters.vnpost import news, times
from adapters.vnpost.terms import Terms
from adapters.vnpost.wire import Delivery
from schemas.errors import BadConfiguration, Misunderstood, Refused
from schemas.tracking import TrackingBatch
from schemas.wire import Callback, CallbackReply

AHEAD = dt.timedelta(minutes=15)
"""How far a SendDate may lie ahead of our clock."""


class Webhook:
    """Verifies and reads deliveries."""

    def __init__(self, keys: Sequence[str], terms: Terms, *, replay_window_s: float) -> None:
        """``keys``: PEM texts, or modulus and exponent in base64 with a semicolon between; the present and the next.

        Raises:
            BadConfiguration: what is no RSA public key; it names the key by its place.
        """
        self._keys = tuple(_verifier(key, place) for place, key in enumerate(keys, start=1))
        self._terms = terms
        self._window = dt.timedelta(seconds=replay_window_s)

    def verify_header(self, callback: Callback) -> bool:
        """Always False: nothing in the headers proves anything."""
        return False

    def proves(self, callback: Callback) -> bool:
        """True where the signature inside the body fits a pinned key; a body that cannot be read proves nothing."""
        try:
            return self._verified(parse(Delivery, callback.body, subject=news.PEER))
        except Misunderstood:
            return False

    def event_key(self, callback: Callback) -> str:
        """A digest of what is signed and of the signature, so that another wrapping is the same delivery.

        A body that cannot be read is known by its own digest. The signature is in the key, so that a forgery that
        comes first does not keep the true delivery out.
        """
        try:
            told = parse(Delivery, callback.body, subject=news.PEER)
        except Misunderstood:
            return hashlib.sha256(callback.body).hexdigest()
        return hashlib.sha256(dump([told.Data, told.SendDate, told.SignData])).hexdigest()

    def parse(self, callback: Callback) -> TrackingBatch:
        """Verify and read.

        Raises:
            Misunderstood: no such body, or a signed one that breaks the contract.
            Refused: unproven (no key is pinned, or none fits), or proven and outside of the replay window.
        """
        told = parse(Delivery, callback.body, subject=news.PEER)
        if not self._verified(told):
            why = "SignData fits none of webhook_keys" if self._keys else "no webhook_keys is set"
            raise Refused(why, subject=news.PEER, raw=callback.body)
        self._check_age(told, callback)
        return news.batch_from_data(told.Data, callback.body, self._terms, received_at=callback.received_at)

    def answer(self, callback: Callback, *, repeated: bool) -> CallbackReply:
        """200 is all that VNPost looks at."""
        return CallbackReply(200, "application/json", b"{}")

    def _verified(self, told: Delivery) -> bool:
        message = (told.Data + told.SendDate).encode()
        return any(key.verify(message, told.SignData) for key in self._keys)

    def _check_age(self, told: Delivery, callback: Callback) -> None:
        try:
            sent = times.read(told.SendDate, written=self._terms.dates)
        except ValueError as error:
            raise Misunderstood(f"SendDate: {error}", subject=news.PEER, raw=callback.body) from error
        if sent.utc_low > callback.received_at + AHEAD:
            raise Refused(f"SendDate {told.SendDate} lies ahead of us", subject=news.PEER, raw=callback.body)
        if sent.utc_high < callback.received_at - self._window:
            what = f"SendDate {told.SendDate} is older than replay_window_s"
            raise Refused(what, subject=news.PEER, raw=callback.body)


def _verifier(key: str, place: int) -> RsaVerifier:
    try:
        if "BEGIN" in key:
            return RsaVerifier.from_pem(key)
        modulus, _, exponent = key.partition(";")
        return RsaVerifier.from_numbers(modulus.strip(), exponent.strip() or "AQAB")
    except BadConfiguration as error:
        raise BadConfiguration(f"peers.vnpost.webhook_keys[{place}]: {error.detail}", subject="vnpost") from error
