"""How well stations keep to the standard: their mistakes, counted."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "conformance_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of the last message that was counted"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conformance_clock")),
    )
    op.create_table(
        "heard_messages",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("firmware", sa.String(length=100), nullable=False),
        sa.Column("vendor", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False, comment="calls of either side"),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "firmware", name=op.f("pk_heard_messages")),
    )
    op.create_index("ix_heard_messages_last_at", "heard_messages", ["last_at"], unique=False)
    op.create_table(
        "mistakes",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("firmware", sa.String(length=100), nullable=False),
        sa.Column("mistake", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False, comment="of the latest"),
        sa.Column("message_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "firmware", "mistake", "rule", name=op.f("pk_mistakes")),
    )
