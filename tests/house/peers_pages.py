"""Makes ``docs/peers.md`` and ``docs/open-questions.md`` of what the folders of the peers say.

``python -m tests.house.peers_pages`` writes them.
From the manifests (ports, rates, policies), the contracts' README.md (how sure, open questions), the code tables, the
recordings and the sandboxes. Nothing stands in the pages that is not in a folder.
"""

import collections
import dataclasses
import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from adapters._kit.settings import COMMON
from adapters.manifest import Manifest
from adapters.registry import PEERS_FOLDER, manifests
from schemas.ids import PeerId
from tests.contract.adapters.recordings import goods, indexed
from tests.contract.adapters.understudy import sandbox_class

DOCS = Path(__file__).parents[2] / "docs"
PEERS_PAGE = DOCS / "peers.md"
QUESTIONS_PAGE = DOCS / "open-questions.md"
MARKS = {
    "document": "a document of theirs",
    "twice": "two independent clients",
    "seen": "one client in use",
    "example": "an example of theirs",
    "inferred": "our reading",
    "open": "not known",
}
HEAD = "<!-- Made by `python -m tests.house.peers_pages`; a house test compares it. Do not edit by hand. -->\n"
_ITEM = re.compile(r"^- \*\*(?P<what>.+?)\*\*\s*→\s*(?P<where>.+)$", re.DOTALL)
_NAME = re.compile(r"`([a-z][a-z0-9_]*)`")


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """What only the customer can answer, and where the answer goes."""

    what: str
    where: str

    @property
    def names(self) -> tuple[str, ...]:
        """What looks like a setting."""
        return tuple(_NAME.findall(self.where))


def readme(peer: PeerId) -> str:
    """The peer's contract in words; empty where there is none."""
    file = PEERS_FOLDER / peer / "contract" / "README.md"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def section(text: str, title: str) -> str:
    """The text under a heading of the second rank."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found is not None else ""


def items(peer: PeerId) -> list[str]:
    """The open questions as they stand, one item each."""
    told = section(readme(peer), "Open questions")
    return [" ".join(item.split()) for item in re.split(r"^(?=- )", told, flags=re.MULTILINE) if item.startswith("- ")]


def questions(peer: PeerId) -> list[Question]:
    """The open questions; an item of another form is left out here and found by the house test."""
    found = (_ITEM.match(item) for item in items(peer))
    return [Question(one["what"].strip(), one["where"].strip()) for one in found if one is not None]


def has_place(question: Question, manifest: Manifest) -> bool:
    """True where the answer goes into a setting that exists, or into something else of the folder that is named."""
    known = {spec.name for spec in (*manifest.settings, *COMMON)}
    return any(name in known for name in question.names) or "`" in question.where


def real() -> dict[PeerId, Manifest]:
    """The peers that stand for somebody."""
    return {name: told for name, told in manifests().items() if (PEERS_FOLDER / name / "sandbox.py").exists()}


# --- the pages -------------------------------------------------------------------------------------------------------


def questions_page() -> str:
    """The text of ``docs/open-questions.md``."""
    parts = [
        "# What only the customer can answer\n",
        HEAD,
        "Each question stands in `contract/README.md` of the peer's folder; the answer goes into the setting\n"
        "beside it (`[peers.<name>]`), which works today with the value that we hold for the most likely.\n",
    ]
    for peer, manifest in real().items():
        told = questions(peer)
        parts.append(f"## {manifest.title} (`{peer}`)\n")
        parts.append(_table(("question", "the answer goes into"), [(one.what, one.where) for one in told]))
    return "\n".join(parts)


def peers_page() -> str:
    """The text of ``docs/peers.md``."""
    parts = [
        "# The peers, what each can do, and how sure we are\n",
        HEAD,
        _table(
            ("peer", "speaks to", "ports", "recordings", "broken replies tried", "open questions"),
            [_line(peer, manifest) for peer, manifest in real().items()],
        ),
        "How sure we are is said heading by heading in each contract: "
        + "; ".join(f"**{mark}** = {says}" for mark, says in MARKS.items())
        + ".\n",
    ]
    for peer, manifest in real().items():
        parts += _chapter(peer, manifest)
    return "\n".join(parts)


def _line(peer: PeerId, manifest: Manifest) -> tuple[object, ...]:
    recorded = goods(peer) if peer in indexed() else []
    broken = sum(len(good.mutants()) for good in recorded)
    ports = ", ".join(manifest.capabilities)
    # To the hundred: which mutants are sampled changes with every field of a recording.
    told = f"over {broken // 100 * 100}" if broken else "0"
    return (f"[{peer}](#{peer})", manifest.title, ports, len(recorded), told, len(questions(peer)))


def _chapter(peer: PeerId, manifest: Manifest) -> Iterator[str]:
    yield f"## {peer}\n"
    yield f"{manifest.title}. Written from: {manifest.spec}. Who answers there: {manifest.owner}.\n"
    yield _table(("", ""), [(name, value) for name, value in _facts(peer, manifest) if value])
    if manifest.operations:
        rows = [(f"`{rule.operation}`", str(rule.idempotency), str(rule.unknown)) for rule in manifest.operations]
        yield _table(("operation", "a repetition is", "after a try without a whole reply we"), rows)
    if manifest.code_tables:
        tables = [
            (f"`{one.name}`", str(one.valid_from), str(one.valid_to or ""), one.source) for one in manifest.code_tables
        ]
        yield _table(("code table", "valid from", "to", "source"), tables)


def _facts(peer: PeerId, manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield "contract", f"[contract/README.md](../adapters/{peer}/contract/README.md)" if readme(peer) else ""
    yield "how sure", _sure(readme(peer)) or "said once for the whole contract"
    yield "codes known", _codes(peer)
    rate = f"{manifest.rate_per_s:g} calls a second" if manifest.rate_per_s else "no limit known"
    quota = f", {manifest.calls_per_day} a day" if manifest.calls_per_day else ""
    yield "rate", f"{rate}{quota}, {manifest.max_in_flight} at the same time"
    yield "poll interval", f"{manifest.poll_interval_s:g} s" if manifest.poll_interval_s else ""
    webhook = manifest.webhook
    yield "calls us", "" if webhook is None else f"signature in the {webhook.signature}; hears {webhook.status}"
    yield "proof of a delivery", str(manifest.evidence_default).rpartition(".")[2].lower() if manifest.carrier else ""
    yield "sandbox also does", ", ".join(sandbox_class(peer).offers)
    yield "settings of its own", ", ".join(f"`{spec.name}`" for spec in manifest.settings)


def _sure(text: str) -> str:
    marks = collections.Counter(
        mark for told in re.findall(r"\(([^()]*)\)", text) for mark in re.split(r"[,;: ]+", told) if mark in MARKS
    )
    return ", ".join(f"{mark} {marks[mark]}×" for mark in MARKS if marks[mark])


def _codes(peer: PeerId) -> str:
    codes = importlib.import_module(f"adapters.{peer}.codes") if (PEERS_FOLDER / peer / "codes.py").exists() else None
    sizes = (
        [
            f"`{name}` {len(value)}"
            for name, value in vars(codes).items()
            if name.isupper() and not name.startswith("_") and isinstance(value, Mapping)
        ]
        if codes is not None
        else []
    )
    return ", ".join(sizes)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    def line(cells: tuple[object, ...]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"

    return line(columns) + "|" + "---|" * len(columns) + "\n" + "".join(line(row) for row in rows)


if __name__ == "__main__":
    PEERS_PAGE.write_text(peers_page(), encoding="utf-8")
    QUESTIONS_PAGE.write_text(questions_page(), encoding="utf-8")
