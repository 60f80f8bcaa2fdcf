"""Settings: as wanted of kinds of stations and of each, what came of it, network profiles."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import Json, UtcTime

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "network_profiles",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("security_profile", sa.SmallInteger(), nullable=False),
        sa.Column("interface", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("identity", sa.String(length=48), nullable=False),
        sa.Column("message_timeout_s", sa.Integer(), nullable=False),
        sa.Column(
            "has_secrets", sa.Boolean(), nullable=False, comment="a password, an access point or a VPN went with it"
        ),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("said", sa.String(length=50), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "slot", name=op.f("pk_network_profiles")),
    )
    op.create_table(
        "provisioning",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("asked", sa.String(length=32), nullable=False, comment="the fingerprint of what it had to have"),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_provisioning")),
    )
    op.create_table(
        "setting_reconciliations",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("trouble", sa.String(length=500), nullable=False, comment="why it could not be asked; empty: it was"),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_setting_reconciliations")),
    )
    op.create_table(
        "setting_templates",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("vendor", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("firmware", sa.String(length=100), nullable=False),
        sa.Column("site_id", sa.String(length=40), nullable=False),
        sa.Column("settings", Json(), nullable=False),
        sa.Column("before_accepted", sa.Boolean(), nullable=False),
        sa.Column("when_refused", sa.String(length=20), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting_templates")),
    )
    op.create_table(
        "wanted_settings",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("settings", Json(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_wanted_settings")),
    )
    op.create_index("ix_station_settings_variable", "station_settings", ["variable", "component"], unique=False)
