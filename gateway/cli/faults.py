"""What can go wrong only at the command line."""

from schemas.errors import LienthongError, NotFound
from schemas.ids import MessageId


class StoreMissing(NotFound):
    """There is no store yet."""

    text = MessageId("store.missing")


class StoreUnopened(LienthongError):
    """The store cannot be opened."""

    text = MessageId("store.unopened")
