"""What a station wants made of its paper. Values only; the line reads them, settings and command options fill them."""

import enum
from dataclasses import dataclass

from scanning.codes import ALL, CodeRules
from schemas.document import FeedOrder


class TextMode(enum.StrEnum):
    """What becomes of the words on the pages."""

    NONE = "none"
    SIDECAR = "sidecar"
    """Read after delivery, at low priority: the document is usable before, its bytes never change again."""
    LAYER = "layer"
    """Read before the PDF is built and laid invisibly under the image: the document waits for the reader."""


@dataclass(frozen=True, slots=True)
class LinePolicy:
    """One station's choice. What seals is not in here: the line is given a sealer, or none."""

    text: TextMode = TextMode.NONE
    languages: str = "vie"
    """What the reader expects, as Tesseract names it; several with a plus: "vie+eng"."""
    provenance: bool = False
    """Attach an XML account of where the pages came from (page digests, station, operator, batch): PDF/A-3."""
    order: FeedOrder = FeedOrder.AS_FED
    """How batches are fed that do not say it themselves."""
    codes: CodeRules = ALL
    """Which dossier codes are taken for this station's own; a cover with another one waits for a person."""
    cards: bool = False
    """Keep all that the QR code of an identity card says. Only where the account of the batch is the person's own
    answer; a journal, a log or a store gets the masked number."""

    def flavour(self, *, text: bool) -> str:
        """Part and level of the PDF/A that the line builds: 3b with provenance, 2u where there is text, else 2b.

        >>> LinePolicy().flavour(text=False), LinePolicy().flavour(text=True)
        ('2b', '2u')
        >>> LinePolicy(provenance=True).flavour(text=True)
        '3b'
        """
        if self.provenance:
            return "3b"  # text may lie in it; no judge of ours speaks for 3u
        return "2u" if text else "2b"
