"""Keeping the words of a document that was read: rows for the search, and a line of the audit log without any word."""

import datetime as dt

from schemas.audit import Act
from schemas.document import DocumentText
from schemas.ports.stores import Tx


def keep(tx: Tx, text: DocumentText, now: dt.datetime) -> bool:
    """Insert or replace the text of a document; False where there is no such document: its words are dropped."""
    document = tx.documents.find(text.key)
    if document is None or not tx.texts.put(text):
        return False
    unread = sum(page.fault is not None for page in text.pages)
    detail = f"{len(text.pages)} pages, {unread} not read, by {text.engine or 'nobody'}"
    tx.audit.write(Act(now, "system", "document.text", "document", text.key, document.unit, detail))
    return True
