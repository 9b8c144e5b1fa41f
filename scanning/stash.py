"""Image streams of a thick document, on the disk from the first to the last.

A bare PDF is written stream by stream and then opened: a PDF library reads streams of a file only when it writes them
out again, so a document of five hundred pages costs a worker the memory of one.
"""

import contextlib
from pathlib import Path
from typing import BinaryIO

import pikepdf


class Stash:
    """A PDF without pages that holds image bytes. Add, then open once."""

    def __init__(self, path: Path, files: contextlib.ExitStack) -> None:
        """Write to ``path``, which is removed when ``files`` is closed."""
        self._path = path
        self._files = files
        files.callback(path.unlink, missing_ok=True)
        self._file: BinaryIO = files.enter_context(path.open("wb"))
        self._file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._offsets: list[int] = []

    def add(self, data: bytes) -> int:
        """Write one stream; its object number."""
        number = self._begin_object()
        self._file.write(b"<</Length %d>>\nstream\n%b\nendstream\nendobj\n" % (len(data), data))
        return number

    def open(self) -> pikepdf.Pdf:
        """The PDF, read from the file as it is needed and not mapped into memory; closed with the files."""
        root = self._begin_object()
        self._file.write(b"<</Type/Catalog/Pages %d 0 R>>\nendobj\n" % (root + 1))
        self._begin_object()
        self._file.write(b"<</Type/Pages/Kids[]/Count 0>>\nendobj\n")
        table = self._file.tell()
        entries = b"".join(b"%010d 00000 n \n" % offset for offset in self._offsets)
        size = len(self._offsets) + 1
        self._file.write(b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, entries))
        self._file.write(b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, root, table))
        self._file.close()
        return self._files.enter_context(pikepdf.open(self._path, access_mode=pikepdf.AccessMode.stream))

    def _begin_object(self) -> int:
        self._offsets.append(self._file.tell())
        self._file.write(b"%d 0 obj\n" % len(self._offsets))
        return len(self._offsets)
