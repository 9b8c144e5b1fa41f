"""Files longer than a parser takes: taken apart, proven, put together; never in memory as a whole."""

import base64
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.edxml import building, reading
from adapters.edxml.apart import LONG, decode, take_apart, whole
from schemas.errors import Misunderstood
from schemas.official_document import OfficialDocument
from tests.house import rules as house
from tests.unit.adapters.edxml import records
from tests.unit.adapters.edxml.test_documents import read, written

SHARDS = [
    b"<",
    b">",
    b"&",
    b"<!-- ",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<?x ?>",
    b"A" * 70_000,
    b">" + b"A" * 70_000 + b"<",
]
"""Pieces that turn text into something else."""


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 200_000), min_size=1, max_size=3), line=st.sampled_from([b"", b"\n", b"\r\n"]))
def test_long_files_come_back_in_every_size_and_with_every_line_end(
    sizes: list[int], line: bytes, tmp_path: Path
) -> None:
    bodies = [os.urandom(size) for size in sizes]
    files = [records.enclosed(tmp_path / f"f{n}", body, content_id=f"c{n}") for n, body in enumerate(bodies)]
    raw = written(records.document(*files), tmp_path)
    if line:
        for body in bodies:
            whole_text = base64.b64encode(body)
            if len(whole_text) >= 76:
                cut = line.join(whole_text[at : at + 76] for at in range(0, len(whole_text), 76))
                raw = raw.replace(whole_text, cut, 1)
    got = read(raw, tmp_path)
    assert isinstance(got, OfficialDocument)
    assert [Path(file.path).read_bytes() for file in got.files] == bodies


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 6000), cut=st.integers(0, 40), put=st.binary(max_size=40) | st.sampled_from(SHARDS))
def test_whatever_comes_ends_as_a_record_or_as_a_named_error(where: int, cut: int, put: bytes, tmp_path: Path) -> None:
    good = tmp_path / "good"
    if not good.exists():
        building.write_document(
            records.document(records.enclosed(tmp_path / "f", b"file")), good, records.sender().hand
        )
    raw = good.read_bytes()
    broken = raw[:where] + put + raw[where + cut :]
    (tmp_path / "came.xml").write_bytes(broken)
    out = Path(tempfile.mkdtemp(dir=tmp_path))
    try:
        got = reading.read(tmp_path / "came.xml", out, records.rules(), records.NOW)
    except Misunderstood as error:
        assert error.code
        return
    assert got == reading.read(good, Path(tempfile.mkdtemp(dir=tmp_path)), records.rules(), records.NOW)


def test_what_is_taken_apart_is_the_same_when_it_is_put_together(tmp_path: Path) -> None:
    raw = b"<a>" + b"QUJD" * 50_000 + b"</a> > <b>" + b"=" * LONG + b"A</b>" + b"<c>x</c>"
    file, scratch = tmp_path / "f", tmp_path / "s"
    file.write_bytes(raw)
    scratch.mkdir()
    apart = take_apart(file, scratch)
    assert len(apart.runs) == 2
    assert len(apart.skeleton) < 200
    assert b"".join(whole(apart.skeleton, apart.runs)) == raw


def test_base64_is_read_in_pieces_of_any_length(tmp_path: Path) -> None:
    body = os.urandom(1000)
    text = base64.b64encode(body)
    for step in (1, 2, 3, 5, 7, 1000):
        pieces = [text[at : at + step] for at in range(0, len(text), step)]
        _, size = decode(pieces, tmp_path / f"{step}")
        assert size == 1000
        assert (tmp_path / f"{step}").read_bytes() == body


MEASURE = """
import resource, sys
from pathlib import Path
from adapters.edxml import building, reading
from tests.unit.adapters.edxml import records
folder, size = Path(sys.argv[1]), int(sys.argv[2])
body = folder / "body"
with body.open("wb") as out:
    for _ in range(size // 1_000_000):
        out.write(bytes(range(250)) * 4000)
import dataclasses
file = dataclasses.replace(records.enclosed(folder / "small", b"x"), path=str(body))
who = records.sender()
warm = folder / "warm"
building.write_document(records.document(records.enclosed(folder / "w", b"x")), warm, who.hand)
(folder / "o1").mkdir()
reading.read(warm, folder / "o1", records.rules(), records.NOW)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
building.write_document(records.document(file), folder / "doc", who.hand)
(folder / "o2").mkdir()
got = reading.read(folder / "doc", folder / "o2", records.rules(), records.NOW)
assert got.files[0].size == size, got.files[0].size
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_fifty_megabytes_pass_without_standing_in_memory(tmp_path: Path) -> None:
    """Built, signed, taken apart, proven and written again: the process grows by less than a tenth of the file."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path), "50000000"],
        capture_output=True,
        text=True,
        check=True,
        cwd=house.ROOT,
    )
    grown_kib = int(done.stdout)
    assert grown_kib < 5_000, f"{grown_kib} KiB"
