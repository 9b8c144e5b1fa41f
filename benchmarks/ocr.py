"""Pages with a text layer: the whole line against OCRmyPDF, the same pages, the same engine and data, one thread each.

Both get one PDF of A4 pages in colour at 300 dpi as a scanner writes it, and make a PDF/A with the words under the
print. OCRmyPDF is asked for no more than that (no deskew, which it would pay for). What was read is held against what
was drawn: a line that is quick because it reads badly shows in the error rates, which are figures of their own.
"""

import asyncio
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from pathlib import Path

import numpy as np
import typst
from PIL import Image

from benchmarks.figures import Aim, Extent, Figure
from gateway.clock import SystemClock
from gateway.sample.pages.batch import write_pdf
from gateway.sample.pages.covers import SENTENCES, person
from gateway.sample.pages.wear import worn
from scanning.ocr import LANGUAGES, NoTextReader, find_engine
from scanning.policy import LinePolicy, TextMode
from scanning.serverless import scan_paths

DPI = 300
PAGES = 4
ROUNDS = 2
JOBS = min(2, os.cpu_count() or 1)
"""Workers of either side."""
SLACK = 0.001
"""Error rates are equal within one letter in a thousand."""

_SHEET = """
#set page(paper: "a4", margin: 2.2cm)
#set text(font: "Libertinus Serif", size: 12.5pt, lang: "vi", hyphenate: false)
#set par(justify: true, leading: 0.78em)
#for told in json(bytes(sys.inputs.data)) [#told \\
#v(0.3em)]
"""


def measure(extent: Extent) -> list[Figure]:
    """Seconds a page of both sides, and what each read wrongly.

    Raises:
        FileNotFoundError: there is no text reader, or no OCRmyPDF.
    """
    try:
        find_engine(LANGUAGES)
    except NoTextReader as missing:
        raise FileNotFoundError(str(missing)) from missing
    with tempfile.TemporaryDirectory(prefix="bench-ocr-") as name:
        folder = Path(name)
        feed, drawn = _draw(folder, extent.of(PAGES, 1))
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(extent.of(ROUNDS, 1)):
            ours.append(_ours(feed, folder / "out") / len(drawn))
            theirs.append(_theirs(feed, folder / "peer.pdf") / len(drawn))
        whole = " ".join(drawn)
        wrong = error_rate(whole, next((folder / "out").glob("*.txt")).read_text("utf-8"))
        peer_wrong = error_rate(whole, (folder / "peer.txt").read_text("utf-8"))
    note = (
        f"{len(drawn)} pages, {len(whole)} letters, {JOBS} workers each; wrong letters: {wrong:.4f}, {peer_wrong:.4f}"
    )
    return [
        Figure(
            "ocr.layer", "seconds a page of OCRmyPDF ÷ ours, text layer and PDF/A: times as fast", "s/page",
            theirs, ours, Aim(2.5), note,
        ),
        Figure(
            "ocr.errors", "wrong letters a letter, ours − OCRmyPDF's", "more wrong letters a letter",
            [wrong - peer_wrong], aim=Aim(SLACK, at_most=True),
        ),
    ]  # fmt: skip


def error_rate(drawn: str, read: str) -> float:
    """Edits that make what was drawn of what was read, a letter; white space counts as one space each."""
    want, got = (" ".join(unicodedata.normalize("NFC", text).split()) for text in (drawn, read))
    letters = np.array([ord(letter) for letter in got])
    places = np.arange(len(got) + 1)
    row = places
    for above, letter in enumerate(want, start=1):
        best = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        # A letter too many costs one a place: the running minimum of what is left when the place is taken off.
        row = np.minimum.accumulate(np.concatenate(([above], best)) - places) + places
    return float(row[-1]) / len(want)


def _draw(folder: Path, pages: int) -> tuple[Path, list[str]]:
    """A scanner's PDF of worn sheets full of Vietnamese, and what stands on each."""
    chance = random.Random(5)
    drawn, scans = [], []
    for _ in range(pages):
        told = [f"{chance.choice(SENTENCES)} Người nộp: {person(chance)}, {_about(chance)}." for _ in range(7)]
        png = typst.compile(
            _SHEET.encode(),
            format="png",
            ppi=DPI,
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(told, ensure_ascii=False)},
        )
        if not isinstance(png, bytes):
            raise ValueError("What is drawn must fit on one page.")
        clean = Image.open(io.BytesIO(png)).convert("RGB")
        scans.append(worn(clean, chance, skew_deg=chance.uniform(-1.0, 1.0)))
        drawn.append(" ".join(told))
    return write_pdf(scans, folder / "feed.pdf", DPI), drawn


def _about(chance: random.Random) -> str:
    return f"sinh ngày {chance.randint(1, 28):02d}/{chance.randint(1, 12):02d}/{chance.randint(1955, 2003)}"


def _ours(feed: Path, out: Path) -> float:
    """Seconds of the line as ``lienthong scan`` runs it, the start of its workers included."""
    shutil.rmtree(out, ignore_errors=True)
    began = time.perf_counter()
    manifest = asyncio.run(
        scan_paths([feed], out, clock=SystemClock(), workers=JOBS, policy=LinePolicy(TextMode.LAYER, LANGUAGES))
    )
    took = time.perf_counter() - began
    (document,) = manifest.documents
    if document.conformance != "PDF/A-2u":
        raise RuntimeError(f"the document came out as {document.conformance}, without its text")
    return took


def _theirs(feed: Path, out: Path) -> float:
    """Seconds of OCRmyPDF, its start included."""
    command = [sys.executable, "-m", "ocrmypdf", "-q", "-l", LANGUAGES, "--jobs", str(JOBS)]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "--sidecar", str(out.with_suffix(".txt")), str(feed), str(out)],
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode != 0:
        raise FileNotFoundError(f"OCRmyPDF ended with {done.returncode}: {done.stdout.decode(errors='replace')[-300:]}")
    return took
