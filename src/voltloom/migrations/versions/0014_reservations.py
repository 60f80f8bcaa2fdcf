"""Reservations."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "reservations",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=True),
        sa.Column("connector_type", sa.String(length=20), nullable=False),
        sa.Column("token", sa.String(length=255), nullable=False),
        sa.Column("token_kind", sa.String(length=20), nullable=False),
        sa.Column("group_id", sa.String(length=255), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=100), nullable=False, comment="the station's word when it was asked"),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column(
            "transaction_id", sa.String(length=80), nullable=False, comment="what came of it; empty: nothing yet"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
    )
    op.create_index("ix_reservations_asked_at", "reservations", ["asked_at", "id"], unique=False)
    op.create_index(
        "ix_reservations_open",
        "reservations",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('asked', 'active')"),
        postgresql_where=sa.text("state IN ('asked', 'active')"),
    )
    op.create_index("ix_reservations_station_id_asked_at", "reservations", ["station_id", "asked_at"], unique=False)
