"""A fetched file becomes a record: taken apart, parsed, proven, held against the shape, its files written.

Blocking; the caller runs it in a thread. What was not proven is never read (:mod:`.signing`).
"""

import dataclasses
import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path

from adapters._kit import xml
from adapters._kit.xml_form import encoding_of
from adapters.edxml import shape, signing, translate
from adapters.edxml.apart import Run, decode, take_apart, whole
from adapters.edxml.translate import Mention
from schemas.errors import Misunderstood
from schemas.official_document import DocumentStatus, EnclosedFile, OfficialDocument

KEPT = 1024 * 1024
"""Bytes of the skeleton that an error keeps; the whole file stays where it was fetched to."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What is believed and which forms are read. ``layouts`` are tried in order."""

    policy: signing.Policy
    layouts: Sequence[str] = ("vpcp", "java")
    strict_prefix: bool = True


def read(file: Path, folder: Path, rules: Rules, now: dt.datetime) -> OfficialDocument | DocumentStatus:
    """Verify and read ``file``; enclosed files are written to ``folder`` as ``1.bin`` and so on.

    Raises:
        Misunderstood: anything that is not as the contract says; ``code`` is size, xml, encoding, unsigned, signature,
            prefix, shape, content, files or base64; ``raw`` is the document without its long files.
    """
    skeleton = b""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        try:
            apart = take_apart(file, Path(scratch))
            skeleton = apart.skeleton
            return _read(skeleton, apart.runs, folder, rules, now)
        except Misunderstood as error:
            error.raw = skeleton[:KEPT] or _start_of(file)
            raise


def _read(
    skeleton: bytes, runs: Sequence[Run], folder: Path, rules: Rules, now: dt.datetime
) -> OfficialDocument | DocumentStatus:
    root = xml.parse(skeleton)
    if encoding_of(root) not in ("UTF-8", "US-ASCII", "ASCII"):
        raise Misunderstood(f"encoding {encoding_of(root)}; documents are written in UTF-8", code="encoding")
    if root.tag != f"{{{shape.NS}}}edXML":
        raise Misunderstood(f"the root is {root.tag!r}, not edXML of {shape.NS}", code="shape")
    proven = signing.verify(root, runs, rules.policy, now)
    if rules.strict_prefix:
        shape.check_prefix(proven.envelope)
    if xml.child(proven.envelope, "edXMLHeader", "Status") is not None:
        shape.check(proven.root, "status")
        shape.check(proven.envelope, "status")
        _no_files(proven, runs)
        return translate.status(proven.envelope, proven.signed_by)
    _check_layouts(proven, rules.layouts)
    files = _files(proven, translate.mentions(proven.envelope), runs, folder)
    return translate.document(proven.envelope, files, proven.signed_by)


def _start_of(file: Path) -> bytes:
    with file.open("rb") as source:
        return source.read(KEPT)


def _check_layouts(proven: signing.Proven, layouts: Sequence[str]) -> None:
    faults: list[Misunderstood] = []
    for layout in layouts:
        try:
            shape.check(proven.root, layout)
            shape.check(proven.envelope, layout)
        except Misunderstood as error:
            faults.append(error)
        else:
            return
    told = "; ".join(f"as {name}: {fault.detail}" for name, fault in zip(layouts, faults, strict=True))
    raise Misunderstood(told, code="shape")


def _no_files(proven: signing.Proven, runs: Sequence[Run]) -> None:
    if proven.attachments is not None or runs:
        raise Misunderstood("a status encloses no files", code="files")


def _files(
    proven: signing.Proven, mentions: dict[str, Mention], runs: Sequence[Run], folder: Path
) -> tuple[EnclosedFile, ...]:
    """Write what is enclosed; every mention has its file and every file its mention."""
    below = [] if proven.attachments is None else list(xml.children(proven.attachments, "Attachment"))
    found: dict[str, EnclosedFile] = {}
    used = ""
    for n, one in enumerate(below, start=1):
        content_id = translate.plain_id(xml.text(one, "ContentId") or "")
        mention = mentions.get(content_id)
        if mention is None or content_id in found:
            why = "is not mentioned in the envelope" if mention is None else "is enclosed twice"
            raise Misunderstood(f"the file {content_id!r} {why}", code="files")
        letters = _letters(one)
        used += letters
        into = folder / f"{n}.bin"
        sha256, size = decode(whole(letters.encode(), runs), into)
        if size == 0:
            raise Misunderstood(f"the file {content_id!r} is empty", code="files")
        found[content_id] = EnclosedFile(
            name=mention.name or xml.text(one, "AttachmentName") or "",
            content_type=mention.content_type or xml.text(one, "ContentType") or "",
            content_id=content_id,
            sha256=sha256,
            size=size,
            path=str(into),
            description=mention.description,
            signed=proven.attachments_signed,
        )
    for content_id in mentions:
        if content_id not in found:
            raise Misunderstood(f"the file {content_id!r} is mentioned and not enclosed", code="files")
    for run in runs:
        if used.count(run.word) != 1:
            raise Misunderstood("a long text that is in no enclosed file", code="files")
    return tuple(found.values())


def _letters(attachment: xml.Element) -> str:
    encoded = xml.child(attachment, "ContentTransferEncoded")
    if encoded is None or len(encoded):
        raise Misunderstood("an enclosed file without base64, or with elements in it", code="files")
    return encoded.text or ""
