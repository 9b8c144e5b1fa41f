"""Unpacks a reply as it comes: gzip and deflate, bounded; what is not packed as its header says is kept as it came.

The HTTP library would do it too, but loses the bytes of a reply that it cannot unpack.
"""

import zlib

ACCEPTED = "gzip, deflate"
"""What we ask for (Accept-Encoding)."""
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class NotPackedSo(ValueError):
    """The reply is not packed as its Content-Encoding says."""


class Unpacker:
    """The way of one reply. ``most`` bytes may come out; one more is given, so that the caller sees the excess."""

    def __init__(self, content_encoding: str, *, most: int) -> None:
        """Nothing is opened. ``packed`` is False where there is nothing to unpack."""
        self.told = content_encoding.strip().lower()
        self.packed = self.told not in ("", "identity")
        self.came = bytearray()
        """The packed bytes."""
        self._left = most + 1
        self._unpacker: zlib._Decompress | None = None

    def take(self, part: bytes) -> bytes:
        """The plain bytes of the next piece. Raises NotPackedSo."""
        if not self.packed:
            return part
        self.came += part
        if self._unpacker is None:
            self._unpacker = zlib.decompressobj(self._window_bits(part))
        try:
            plain = self._unpacker.decompress(part, self._left) if self._left else b""
        except zlib.error as error:
            raise NotPackedSo(f"Content-Encoding {self.told}: {error}") from error
        self._left -= len(plain)
        return plain

    def end(self) -> None:
        """Say that the reply is over. Raises NotPackedSo where it ends too early."""
        if self.packed and self.came and self._left and (self._unpacker is None or not self._unpacker.eof):
            raise NotPackedSo(f"Content-Encoding {self.told}: the reply ends too early")

    def _window_bits(self, first: bytes) -> int:
        if self.told not in _WINDOW_BITS:
            raise NotPackedSo(f"Content-Encoding {self.told!r:.40} was not asked for")
        if self.told == "deflate" and first[0] & 0x0F != zlib.DEFLATED:
            return -zlib.MAX_WBITS  # many servers send deflate without its zlib header (RFC 9110 §8.4.1.2)
        return _WINDOW_BITS[self.told]
