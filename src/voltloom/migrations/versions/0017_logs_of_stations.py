"""Logs of stations."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "station_logs",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("oldest", UtcTime(), nullable=True),
        sa.Column("latest", UtcTime(), nullable=True),
        sa.Column("said", sa.String(length=100), nullable=False, comment="the station's word when it was asked"),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False, comment="as the station calls it"),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False, comment="whence it came"),
        sa.Column("tries", sa.Integer(), nullable=False, comment="how often an upload was begun"),
        sa.Column("ticket", sa.String(length=64), nullable=False, comment="SHA-256 of what stands in the address"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_logs")),
    )
    op.create_index("ix_station_logs_asked_at", "station_logs", ["asked_at", "id"], unique=False)
    op.create_index(
        "ix_station_logs_open",
        "station_logs",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('accepted', 'asked', 'uploading')"),
        postgresql_where=sa.text("state IN ('accepted', 'asked', 'uploading')"),
    )
    op.create_index("ix_station_logs_received_at", "station_logs", ["received_at"], unique=False)
    op.create_index("ix_station_logs_station_id_asked_at", "station_logs", ["station_id", "asked_at"], unique=False)
    op.create_index("ix_station_logs_ticket", "station_logs", ["ticket"], unique=False)
