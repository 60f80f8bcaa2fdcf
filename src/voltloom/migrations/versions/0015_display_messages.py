"""Messages on displays."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import Json, UtcTime

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "display_messages",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("contents", Json(), nullable=False),
        sa.Column(
            "showing", sa.String(length=20), nullable=False, comment="only while the station does that; empty: always"
        ),
        sa.Column("starts_at", UtcTime(), nullable=True),
        sa.Column("ends_at", UtcTime(), nullable=True),
        sa.Column(
            "transaction_id", sa.String(length=64), nullable=False, comment="as the station calls it; empty: of none"
        ),
        sa.Column("screen", Json(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=50), nullable=False, comment="the station's word when it was asked"),
        sa.Column("asked_at", UtcTime(), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=True, comment="the station told that it has it"),
        sa.Column("seen_report", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "number", name=op.f("pk_display_messages")),
    )
    op.create_index(
        "ix_display_messages_changed_at", "display_messages", ["changed_at", "station_id", "number"], unique=False
    )
    op.create_index(
        "ix_display_messages_open",
        "display_messages",
        ["station_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('asked', 'shown')"),
        postgresql_where=sa.text("state IN ('asked', 'shown')"),
    )
    op.create_table(
        "display_questions",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_display_questions")),
    )
