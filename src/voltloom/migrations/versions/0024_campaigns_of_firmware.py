"""Campaigns of firmware."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "firmware_campaign_stations",
        sa.Column("campaign_id", sa.String(length=32), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=300), nullable=False),
        sa.Column("update_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id", "station_id", name=op.f("pk_firmware_campaign_stations")),
    )
    op.create_index(
        "ix_firmware_campaign_stations_state",
        "firmware_campaign_stations",
        ["campaign_id", "state", "station_id"],
        unique=False,
    )
    op.create_index(
        "ix_firmware_campaign_stations_update_id", "firmware_campaign_stations", ["update_id"], unique=False
    )
    op.create_table(
        "firmware_campaigns",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("image_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False, comment="0: the canaries"),
        sa.Column("canary", sa.Integer(), nullable=False),
        sa.Column("wave_size", sa.Integer(), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=False),
        sa.Column("halt_percent", sa.Integer(), nullable=False),
        sa.Column("soak_s", sa.Integer(), nullable=False),
        sa.Column("patience_s", sa.Integer(), nullable=False),
        sa.Column("forgiven", sa.Integer(), nullable=False, comment="failures that somebody has looked at"),
        sa.Column("allow_unsigned", sa.Boolean(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=True),
        sa.Column("retry_interval_s", sa.Integer(), nullable=True),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firmware_campaigns")),
    )
    op.create_index("ix_firmware_campaigns_asked_at", "firmware_campaigns", ["asked_at", "id"], unique=False)
