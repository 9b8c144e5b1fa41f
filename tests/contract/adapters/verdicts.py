"""Whether a broken reply ended as it must: named, complained of, or the same; never lost in silence."""

import collections
import dataclasses
import enum
from collections.abc import Mapping, Sequence
from typing import Any

from adapters._kit import redact
from schemas.errors import CallError, Misunderstood
from schemas.shipment import OrderPage
from schemas.tracking import Push, TrackingBatch
from schemas.wire import Exchange, Probe, RawDocument
from tests.contract.adapters.mutants import Must, Mutant

OF_THE_BYTES = frozenset({"raw", "raw_sha256", "sha256", "received_at", "latency_ms", "clock_skew_s", "body"})
"""Fields that differ with the bytes or the moment, whatever the bytes mean."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """What came of one reply: a result or an error, and the exchanges of the call."""

    result: object
    error: Exception | None
    exchanges: Sequence[Exchange]

    @property
    def named(self) -> bool:
        """True where it ended as one of our errors, or as a connection test that says what is wrong."""
        return isinstance(self.error, CallError) or (isinstance(self.result, Probe) and not self.result.ok)

    @property
    def meaning(self) -> object:
        """What the reply said, without its bytes."""
        if isinstance(self.error, CallError):
            return (type(self.error).__name__, self.error.code)
        return meaning(self.result)


def fault(good: Ending, bad: Ending, mutant: Mutant, optional: frozenset[str], *, wire: bool) -> str:
    """What is wrong with the ending of a mutant; empty where nothing is."""
    if bad.error is not None and not isinstance(bad.error, CallError):
        return f"ended as {type(bad.error).__name__}: {bad.error}"
    if bad.named:
        if mutant.must is Must.SAME and bad.meaning != good.meaning:
            return f"is {mutant.must.value}, and ended as {bad.error!r} {bad.result or ''}"
        return _unkept(bad, mutant) if wire else ""
    unspeakable = _unspeakable(bad.meaning)
    if unspeakable:
        return unspeakable
    if bad.meaning == good.meaning:
        return "was taken as the good reply" if mutant.must is Must.NAMED else ""
    if mutant.must is Must.NOTICED:
        return _silence(good, bad, mutant, optional)
    return f"must end as {mutant.must.value}, and ended as {bad.meaning!r:.300}; the good one is {good.meaning!r:.300}"


def _unkept(bad: Ending, mutant: Mutant) -> str:
    kept = redact.body(mutant.body)
    if not any(exchange.reply.endswith(kept) for exchange in bad.exchanges):
        return "the raw reply is not kept in the exchange"
    if isinstance(bad.error, Misunderstood) and mutant.body and not bad.error.raw and bad.error.code != "size":
        return f"Misunderstood without its raw bytes: {bad.error}"
    return ""


def _silence(good: Ending, bad: Ending, mutant: Mutant, optional: frozenset[str]) -> str:
    """A changed record without a word. Lost events need a complaint each, optional field or not."""
    if good.named:
        return f"an error became a success: {bad.meaning!r:.300}"
    before, after = _batch(good.result), _batch(bad.result)
    if before is None or after is None:
        if mutant.path in optional:
            return ""
        return f"another record without a word (list it in `optional` if that is lawful): {bad.meaning!r:.300}"
    events, changed = _rows(before.events), _rows(after.events)
    complaints = _rows(after.complaints) - _rows(before.complaints)
    lost, new = events - changed, changed - events
    if lost.total() > new.total() + complaints.total():
        return f"{lost.total()} events lost in silence, {new.total()} new, {complaints.total()} new complaints"
    if "[]" in mutant.path and max(lost.total(), new.total()) > 1:
        return f"one broken row cost {lost.total()} events and made {new.total()} others"
    if (lost or new) and not complaints and mutant.path not in optional:
        return f"another event without a word (list it in `optional` if that is lawful): {[*new][:1]!s:.400}"
    return ""


@dataclasses.dataclass(frozen=True, slots=True)
class _Told:
    """The rows of an answer, whatever they are, and its complaints."""

    events: Sequence[object]
    complaints: Sequence[object]


def _batch(result: object) -> _Told | None:
    if isinstance(result, OrderPage):
        return _Told(result.orders, result.complaints)
    if isinstance(result, Push):
        result = result.batch
    return _Told(result.events, result.complaints) if isinstance(result, TrackingBatch) else None


def _rows(rows: Sequence[object]) -> "collections.Counter[str]":
    return collections.Counter(repr(meaning(row)) for row in rows)


def meaning(value: object) -> Any:
    """A record as plain values, without what belongs to the bytes."""
    if isinstance(value, RawDocument):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (field.name for field in dataclasses.fields(value))
        return {name: meaning(getattr(value, name)) for name in fields if name not in OF_THE_BYTES}
    if isinstance(value, Mapping):
        return {str(name): meaning(inner) for name, inner in value.items()}
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, tuple | list):
        return [meaning(inner) for inner in value]
    return value


def _unspeakable(value: object) -> str:
    """A text that no database takes: a zero, or half a letter."""
    if isinstance(value, dict):
        return next((told for inner in value.values() if (told := _unspeakable(inner))), "")
    if isinstance(value, list):
        return next((told for inner in value if (told := _unspeakable(inner))), "")
    if isinstance(value, str) and any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value):
        return f"a text that no database can keep came through: {value!r:.100}"
    return ""
