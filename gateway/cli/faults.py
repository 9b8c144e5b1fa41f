"""What can go wrong only at the command line."""

from schemas.errors import LienthongError
from schemas.ids import MessageId


class StoreUnopened(LienthongError):
    """The store cannot be opened."""

    text = MessageId("store.unopened")
