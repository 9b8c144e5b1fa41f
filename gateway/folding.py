"""Text as the search over scanned pages compares it: marks, case and punctuation do not count, words do.

``Đăng ký, số 12/BK`` becomes ``dang ky so 12 bk``: what a reader makes of commas and dashes is chance, and a code is
found with and without its dots. Names and codes of dossiers have a folding of their own (:mod:`gateway.storage.codec`).
"""

import unicodedata
from collections.abc import Iterator


def fold_words(text: str) -> str:
    """The words of ``text``, folded, with single spaces between them.

    >>> fold_words("Đăng ký,  số 12/BK")
    'dang ky so 12 bk'
    """
    return "".join(letter for letter, _ in _letters(text)).strip()


def places(text: str, folded: str) -> Iterator[tuple[int, int]]:
    """Where ``folded`` stands in ``text``, as (start, end) in characters; a hit begins where a word begins.

    >>> text = "Họ và tên: LÒ THỊ ƠI"
    >>> [text[start:end] for start, end in places(text, "lo thi oi")]
    ['LÒ THỊ ƠI']
    """
    if not folded:
        return
    letters = [(" ", 0), *_letters(text)]
    whole = "".join(letter for letter, _ in letters)
    at = whole.find(f" {folded}")
    while at >= 0:
        first, last = letters[at + 1], letters[at + len(folded)]
        yield first[1], last[1] + 1
        at = whole.find(f" {folded}", at + len(folded))


def _letters(text: str) -> Iterator[tuple[str, int]]:
    """Folded letters, each with the place in ``text`` that it comes from; what is no letter or digit is a space."""
    space = True
    for place, told in enumerate(text):
        plain = "d" if told in "đĐ" else told
        for part in unicodedata.normalize("NFKD", plain).casefold():
            if unicodedata.combining(part):
                continue
            if part.isalnum():
                space = False
                yield part, place
            elif not space:
                space = True
                yield " ", place
