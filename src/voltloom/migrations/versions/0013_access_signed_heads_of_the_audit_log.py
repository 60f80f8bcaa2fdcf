"""access: signed heads of the audit log."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "audit_checkpoints",
        sa.Column(
            "number", sa.BigInteger(), autoincrement=False, nullable=False, comment="of the last entry it covers"
        ),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False, comment="of that entry, and so of all before it"),
        sa.Column("key", sa.String(length=64), nullable=False, comment="public, Ed25519, hexadecimal"),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoints")),
    )
