"""A few words around a hit, with the hit in the middle and numbers of persons masked."""

from gateway.folding import fold_words, places
from gateway.inbound.forms.replies import SnippetReply
from gateway.log import redact

AROUND = 90
"""Characters on either side: with the hit about two lines of the page."""


def around(text: str, words: str) -> SnippetReply:
    """The first hit of ``words`` in a page's text.

    >>> around("Họ và tên: LÒ THỊ ƠI, số 099099000012", "lo thi oi")
    SnippetReply(before='Họ và tên: ', match='LÒ THỊ ƠI', after=', số 0990••••••12')
    """
    shown = redact(text)
    start, end = next(places(shown, fold_words(words)), (0, 0))
    first, last = max(0, start - AROUND), min(len(shown), end + AROUND)
    before = ("…" if first else "") + shown[first:start]
    after = shown[end:last] + ("…" if last < len(shown) else "")
    return SnippetReply(before, shown[start:end], after)
