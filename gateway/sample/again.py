"""A second start in a folder where the story was played: it is served on from its rows and ledgers, not played again.

The story tells things once: its keys are answered already, its planted disagreements are settled, its parcels are at
the door. Playing it on top would only be refused. What a first start left half done, because somebody stopped it, the
gateway goes on with by itself; only the story's own hand stays away.
"""

import asyncio
import dataclasses
import json

from gateway import config
from gateway.sample.disagreements import FIRST_KEY
from gateway.sample.stage import SYSTEM_KEY, Stage
from gateway.sample.story import HAND_OVER_KEY
from gateway.sample.teller import Teller
from gateway.storage.database import open_database
from schemas.ports.stores import Tx

_WHO = f"key:{SYSTEM_KEY}"


@dataclasses.dataclass(frozen=True, slots=True)
class Before:
    """What an earlier start left; ``code`` and ``state`` are empty where it was stopped before its own dossier."""

    code: str
    state: str


async def played_before(stage: Stage) -> Before | None:
    """What the story left in the stage's folder; None where it never began."""
    settings = config.load(stage.settings_file, {})
    database = await asyncio.to_thread(open_database, settings.database_url, blobs=settings.blobs_folder)
    try:
        return await database.read(_before)
    finally:
        await database.close()


def _before(tx: Tx) -> Before | None:
    if (answer := tx.idempotency.get(_WHO, HAND_OVER_KEY)) is not None:
        code = str(json.loads(answer.reply)["code"])
        dossier = tx.dossiers.find(code)
        return Before(code, dossier.state.value if dossier else "")
    return Before("", "") if tx.idempotency.get(_WHO, FIRST_KEY) is not None else None


async def serve_on(story: Teller) -> None:
    """Start the gateway on what is there, and tell the post where to push: sandboxes forget who called them."""
    await story.stage.serve()
    await story.sandboxes.configure_post(story.stage)
