"""What nominations look at, beside the wide rows."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ITEM = (
    *("outcome", "movement", "purpose", "since", "evidence", "evidence_required", "accepted_at", "handed_over_at"),
    *("last_event_at", "direction", "parcels", "settled", "promised_at", "inquiry_at", "carrier", "events_n"),
    *("origin", "expected", "valid_from", "regressed"),
)
DOSSIER = (
    *("state", "national", "proven", "receipt_at", "accepted_at", "closed_at", "due_at", "leg_due_at"),
    *("supplements", "return_method", "pauses", "on_the_way", "clock_apart", "peers_apart", "sheets_apart"),
)


def upgrade() -> None:
    op.create_index("ix_item_narrow", "item", list(ITEM))
    op.create_index("ix_dossier_narrow", "dossier", list(DOSSIER))


def downgrade() -> None:
    op.drop_index("ix_dossier_narrow", "dossier")
    op.drop_index("ix_item_narrow", "item")
