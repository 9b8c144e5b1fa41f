"""What keeps a station from working, as the operator is told: a share that is away, a folder that may not be written.

Nothing of this is a file's fault and nothing is lost by it: the station goes on as soon as it is mended. A trouble is
held while it lasts and is gone with the first step that succeeds, so a screen never shows yesterday's.
"""

import enum
import errno
from dataclasses import dataclass

from schemas.ids import MessageId


class TroubleKind(enum.StrEnum):
    """Which trouble; ``sentence`` is English, :attr:`Trouble.text` names the Vietnamese one."""

    AWAY = "away"
    REFUSED = "refused"
    FULL = "full"
    TAKEN = "taken"
    LINE_DOWN = "line_down"
    INBOX_AWAY = "inbox_away"
    SEAL_WAITS = "seal_waits"
    GATEWAY_AWAY = "gateway_away"
    KEY_REFUSED = "key_refused"

    @property
    def sentence(self) -> str:
        """One plain English sentence for the operator."""
        return _SENTENCES[self]


_SENTENCES = {
    TroubleKind.AWAY: "The hot folder cannot be reached; the station goes on when it is back.",
    TroubleKind.REFUSED: "The station may not move files in the hot folder; please mend its rights.",
    TroubleKind.FULL: "The disk is full; nothing is taken until there is room.",
    TroubleKind.TAKEN: "Another station of the same name works on this hot folder; give each station its own name.",
    TroubleKind.LINE_DOWN: "The scan line cannot work at the moment; the batch waits and is tried again.",
    TroubleKind.INBOX_AWAY: "Finished documents cannot be handed over at the moment; they wait and are tried again.",
    TroubleKind.SEAL_WAITS: "Documents cannot be sealed at the moment; scanning goes on and they wait for their seal.",
    TroubleKind.GATEWAY_AWAY: "The gateway cannot be reached; the station scans on and its documents wait.",
    TroubleKind.KEY_REFUSED: "The gateway refuses this station's key; please check the key and its scanner role.",
}
_KINDS = {
    errno.ENOSPC: TroubleKind.FULL,
    errno.EDQUOT: TroubleKind.FULL,
    errno.EROFS: TroubleKind.REFUSED,
    errno.EACCES: TroubleKind.REFUSED,
    errno.EPERM: TroubleKind.REFUSED,
    errno.EXDEV: TroubleKind.REFUSED,
    errno.EBUSY: TroubleKind.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, with what (a folder, a batch), and what the system said about it."""

    kind: TroubleKind
    subject: str
    detail: str = ""

    @property
    def text(self) -> MessageId:
        """Key of the Vietnamese sentence in the message catalogue."""
        return MessageId(f"trouble.{self.kind.value}")

    def __str__(self) -> str:
        """The sentence with what it is about, for the log."""
        return f"{self.kind.sentence} [{self.subject}] {self.detail}".rstrip()


def of_error(error: OSError, subject: str) -> Trouble:
    """What the system's error means for a folder; one that is not known counts as a folder that is away."""
    kind = _KINDS.get(error.errno or 0, TroubleKind.AWAY)
    return Trouble(kind, subject, error.strerror or type(error).__name__)
