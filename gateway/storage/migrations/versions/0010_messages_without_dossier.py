"""Messages that are of no single dossier: ratings of a month, answers to citizens' questions.

SQLite cannot drop a NOT NULL, and a copy of the table would take its children, partial indexes and hours with it. The
words of the column are taken out of the stored schema instead, the way SQLite's own manual gives for it (ALTER TABLE,
section 7): no row is touched, because a column that may be empty is stored as one that may not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STRICT = "dossier_id BIGINT NOT NULL"
LOOSE = "dossier_id BIGINT"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("message", "dossier_id", existing_type=sa.BigInteger(), nullable=True)
    else:
        _reword(STRICT, LOOSE)


def downgrade() -> None:
    op.execute("DELETE FROM message WHERE dossier_id IS NULL")
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("message", "dossier_id", existing_type=sa.BigInteger(), nullable=False)
    else:
        _reword(LOOSE, STRICT)


def _reword(old: str, new: str) -> None:
    connection = op.get_bind()
    version = int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'message'", (old, new)
    )
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")
    told = str(
        connection.exec_driver_sql(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'message'"
        ).scalar_one()
    )
    if changed.rowcount != 1 or f"{new}," not in told:
        raise RuntimeError("the table of messages is not as revision 0009 left it; nothing was changed")
