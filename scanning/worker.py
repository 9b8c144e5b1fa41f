"""The child that touches hostile bytes: `python -m scanning.worker`, jobs on stdin, answers on stdout.

It bounds itself: address space, open files, size of what it writes, and processor time for each job. When a limit kills
it, that costs one file and a restart. It greets once its libraries are loaded, so that a broken installation is never
blamed on a file; it ends when stdin ends, so that no child outlives its parent.
"""

import contextlib
import ctypes
import dataclasses
import datetime as dt
import errno
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from scanning import building, pdfa, protocol, reading, received, recipe, rendering
from scanning.assemble import Leaf
from scanning.codes import without_persons
from scanning.page import PageSource
from scanning.provenance import Origin, Provenance
from scanning.steps import barcodes, osd
from scanning.structure import BadFile, FileKind
from schemas.document import ScanReason

MEMORY_BYTES = 2 << 30
OUTPUT_BYTES = 2 << 30
OPEN_FILES = 256
HEAP_BYTES = 64 << 20
"""What a child keeps of freed memory: the rasters of some pages of A4 at 300 dpi."""
RASTER_BYTES = 32 << 20
"""Largest piece that comes out of the heap; the C library takes no larger number."""
JOB_CPU_S = 120
"""Processor seconds of one job; the pool's deadline in real time is shorter for all but large documents."""

DETAIL_MOST = 240
"""Characters of the detail behind the operator's sentence."""

_RUINED = re.compile(rb"Premature end of JPEG|Corrupt JPEG data: (?!\d+ extraneous bytes)")
"""What libjpeg writes to stderr while it fills the missing part of a picture with gray and calls it a success."""


def main() -> int:
    """Serve jobs until stdin ends."""
    answers = _private_stdout()
    limit_self()
    keep_heap()
    with tempfile.TemporaryFile(buffering=0) as complaints:  # unbuffered: libraries write to the same file
        os.dup2(complaints.fileno(), 2)
        return _serve(answers, complaints)


def _serve(answers: BinaryIO, complaints: io.FileIO) -> int:
    _answer(answers, {"hello": os.getpid(), "zbar": barcodes.has_zbar(), "osd": osd.program() is not None})
    for line in sys.stdin.buffer:
        job = json.loads(line)
        _limit_job()
        answer = run(job)
        _answer(answers, {"id": job["id"], **_unless_ruined(answer, complaints)})
    return 0


def _unless_ruined(answer: protocol.Json, complaints: io.FileIO) -> protocol.Json:
    """The answer, unless a decoder complained that it had to make pixels up: then the page is damaged, not read."""
    complaints.seek(0)
    told = complaints.read(64 * 1024) or b""
    complaints.seek(0)
    complaints.truncate()
    ruined = _RUINED.search(told)
    if "ok" not in answer or ruined is None:
        return answer
    line = told[ruined.start() :].partition(b"\n")[0].decode("ascii", "replace")
    return {"refused": {"reason": ScanReason.DAMAGED, "detail": f"{line[:120]}."}}


def run(job: protocol.Json) -> protocol.Json:
    """Do one job; whatever happens becomes an answer."""
    try:
        return {"ok": _OPERATIONS[job["op"]](job)}
    except BadFile as bad:
        return {"refused": {"reason": bad.reason, "detail": _plain(bad.detail, job)}}
    except MemoryError:
        return {"refused": {"reason": ScanReason.TOO_LARGE, "detail": "Reading it took more memory than allowed."}}
    except OSError as error:
        return _blame(error, job)
    except Exception as error:
        return {"refused": {"reason": ScanReason.DAMAGED, "detail": _plain(f"{error} ({type(error).__name__})", job)}}


def _plain(detail: str, job: protocol.Json) -> str:
    """What a library says, as one line of bounded length that does not name our folders."""
    for path in (job.get("path"), job.get("out"), tempfile.gettempdir()):
        detail = detail.replace(f"{path}: ", "").replace(str(path), "the file") if path else detail
    return " ".join("".join(letter if letter.isprintable() else " " for letter in detail).split())[:DETAIL_MOST]


def _blame(error: OSError, job: protocol.Json) -> protocol.Json:
    """Whose fault is it? The original's only when the system names it; a full disk or a lost folder is the line's."""
    if error.errno is None:  # Pillow's way to say that a picture is broken
        return {"refused": {"reason": ScanReason.DAMAGED, "detail": _plain(str(error), job)}}
    if error.errno == errno.EFBIG:
        return {"refused": {"reason": ScanReason.TOO_LARGE, "detail": "The result is larger than a document may be."}}
    originals = {job.get("path"), *(leaf["path"] for leaf in job.get("leaves", ()))}
    if error.filename is not None and str(error.filename) in originals:
        return {"refused": {"reason": ScanReason.UNREADABLE, "detail": error.strerror or ""}}
    return {"failed": f"{error.strerror}: {error.filename or job['op']}"}


def _inspect(job: protocol.Json) -> protocol.Json:
    found = recipe.inspect(Path(job["path"]))
    return {
        "kind": found.kind,
        "pages": found.pages,
        "sha256": found.sha256,
        "size_bytes": found.size_bytes,
    }


def _page(job: protocol.Json) -> protocol.Json:
    source = PageSource(Path(job["path"]), FileKind(job["kind"]), int(job["page_no"]))
    page = recipe.read_page(source, name=job["name"], sha256=job["sha256"], whole_page=bool(job["whole_page"]))
    if not job.get("cards"):
        page = dataclasses.replace(page, barcodes=without_persons(page.barcodes))
    return protocol.page_to_json(page)


def _build(job: protocol.Json) -> protocol.Json:
    """``job`` has leaves, out, identifier, title; flavour ("2b") and provenance (none) when asked for."""
    made = building.build(
        [_leaf(raw) for raw in job["leaves"]],
        Path(job["out"]),
        identifier=job["identifier"],
        title=job["title"],
        flavour=job.get("flavour") or pdfa.FLAVOUR,
        provenance=_provenance(job.get("provenance")),
    )
    return {
        "sha256": made.sha256,
        "size_bytes": made.size_bytes,
        "conformance": made.conformance,
        "notes": [[note.image_sha256, note.conversion] for note in made.notes],
    }


def _leaf(raw: protocol.Json) -> Leaf:
    """``path``, ``kind``, ``page_no``, ``dpi``, ``skew_deg``; the other fields of a leaf may be missing."""
    crop, text_pdf = raw.get("crop"), raw.get("text_pdf")
    return Leaf(
        PageSource(Path(raw["path"]), FileKind(raw["kind"]), int(raw["page_no"])),
        dpi=int(raw["dpi"]),
        skew_deg=float(raw["skew_deg"]),
        rotate_deg=int(raw.get("rotate_deg", 0)),
        crop=(int(crop[0]), int(crop[1]), int(crop[2]), int(crop[3])) if crop else None,
        text_pdf=Path(text_pdf) if text_pdf else None,
        sha256=raw.get("sha256"),
    )


def _provenance(raw: protocol.Json | None) -> Provenance | None:
    """``station``, ``operator``, ``batch``, ``software``, and ``origins``: name, page number, SHA-256 of each leaf.

    ``begun_at``, ISO 8601, may be missing.
    """
    if raw is None:
        return None
    return Provenance(
        station=str(raw["station"]),
        operator=raw["operator"],
        batch=str(raw["batch"]),
        software=str(raw["software"]),
        origins=tuple(Origin(str(name), int(page_no), str(sha256)) for name, page_no, sha256 in raw["origins"]),
        begun_at=dt.datetime.fromisoformat(raw["begun_at"]) if raw.get("begun_at") else None,
    )


def _render(job: protocol.Json) -> protocol.Json:
    made = rendering.render(
        PageSource(Path(job["path"]), FileKind(job["kind"]), int(job["page_no"])),
        Path(job["out"]),
        box_px=int(job["box_px"]),
        turn_deg=int(job["turn_deg"]),
        codes=job["codes"],
        crop=tuple(job["crop"]) if job["crop"] else None,
    )
    return {"width": made.width, "height": made.height, "size_bytes": made.size_bytes}


_OPERATIONS: dict[str, Callable[[protocol.Json], protocol.Json]] = {
    protocol.INSPECT: _inspect,
    protocol.PAGE: _page,
    protocol.BUILD: _build,
    protocol.RENDER: _render,
    protocol.READ: reading.answer,
    protocol.JUDGE: received.answer,
}


def _private_stdout() -> BinaryIO:
    """Keep the pipe for answers; whatever a library prints goes to stderr."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(pipe, "wb")


def _answer(pipe: BinaryIO, answer: dict[str, Any]) -> None:
    pipe.write(json.dumps(answer, ensure_ascii=True).encode() + b"\n")
    pipe.flush()


def limit_self() -> None:
    """Bound this process, where the system can."""
    if sys.platform == "win32":
        return
    import resource

    for what, amount in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (most, most))


def keep_heap() -> None:
    """Give freed rasters back to the heap and not to the system, where the C library can be told so.

    A page takes and frees some twenty megabytes over and over; as fresh zeroed pages of memory they cost a fifth of its
    decode each time. The heap's size stays that of the largest page seen; the limit on the address space holds all the
    same, and a child is replaced after 500 jobs.
    """
    trim_threshold, mmap_threshold = -1, -3  # numbers of malloc.h
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library, or none by this name
        library = ctypes.CDLL(None)
        library.mallopt(trim_threshold, HEAP_BYTES)
        library.mallopt(mmap_threshold, RASTER_BYTES)


def _limit_job() -> None:
    """Grant the next job its processor time on top of what was used; only the soft limit can be moved again."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + JOB_CPU_S, hard))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        sys.exit(main())
