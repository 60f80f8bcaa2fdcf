"""outages."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "outages",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False, comment="0: the station as a whole"),
        sa.Column("connector", sa.Integer(), nullable=False, comment="0: the EVSE as a whole"),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("is_link", sa.Boolean(), nullable=False, comment="of its connection, not of what it said of itself"),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outages")),
    )
    op.create_index("ix_outages_ended_at", "outages", ["ended_at"], unique=False)
    op.create_index(
        "ix_outages_open",
        "outages",
        ["station_id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_outages_station_id_began_at", "outages", ["station_id", "began_at"], unique=False)
    op.create_table(
        "uptime_progress",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False, comment="1: there is one row"),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="of the journal, up to which it was read"),
        sa.Column("looked_at", UtcTime(), nullable=False),
        sa.Column("up_since", UtcTime(), nullable=False, comment="since when we have been here to see"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uptime_progress")),
    )
    op.create_table(
        "uptime_watched",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("since", UtcTime(), nullable=False, comment="when it was first heard of"),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_uptime_watched")),
    )
