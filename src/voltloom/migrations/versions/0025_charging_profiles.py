"""Charging profiles, controls towards the grid, battery swaps."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import Json, UtcTime

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "battery_moves",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False, comment="when we heard of it"),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("serial", sa.String(length=50), nullable=False),
        sa.Column("soc_percent", sa.Float(), nullable=False),
        sa.Column("soh_percent", sa.Float(), nullable=False),
        sa.Column("produced_at", UtcTime(), nullable=True),
        sa.Column("vendor_info", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_battery_moves")),
    )
    op.create_index("ix_battery_moves_at", "battery_moves", ["at"], unique=False)
    op.create_index("ix_battery_moves_serial", "battery_moves", ["serial", "number"], unique=False)
    op.create_index("ix_battery_moves_station_id", "battery_moves", ["station_id", "request_id"], unique=False)
    op.create_table(
        "battery_swaps",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("request_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("token", sa.String(length=255), nullable=False),
        sa.Column("token_kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=100), nullable=False, comment="the station's word when it was asked"),
        sa.Column("actor", sa.String(length=200), nullable=False, comment="empty: the station let them by itself"),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "request_id", name=op.f("pk_battery_swaps")),
    )
    op.create_index(
        "ix_battery_swaps_asked_at", "battery_swaps", ["asked_at", "station_id", "request_id"], unique=False
    )
    op.create_table(
        "charging_flows",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=False),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.Column("needs", Json(), nullable=True),
        sa.Column("needs_at", UtcTime(), nullable=True),
        sa.Column("answer", sa.String(length=30), nullable=False, comment="what the station was answered about them"),
        sa.Column("schedule", Json(), nullable=True, comment="by the vehicle's own reckoning"),
        sa.Column("schedule_at", UtcTime(), nullable=True),
        sa.Column("chosen", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Boolean(), nullable=True),
        sa.Column("priority_at", UtcTime(), nullable=True),
        sa.Column("allowed", Json(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "evse", "transaction_id", name=op.f("pk_charging_flows")),
    )
    op.create_table(
        "charging_limits",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("local_generation", sa.Boolean(), nullable=False),
        sa.Column("grid_critical", sa.Boolean(), nullable=False),
        sa.Column("schedules", Json(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("cleared_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "evse", "source", "local_generation", name=op.f("pk_charging_limits")),
    )
    op.create_table(
        "charging_profile_reports",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("request_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("criteria", Json(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("profiles", sa.Integer(), nullable=False, comment="that were told of"),
        sa.Column("complete_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "request_id", name=op.f("pk_charging_profile_reports")),
    )
    op.create_index("ix_charging_profile_reports_asked_at", "charging_profile_reports", ["asked_at"], unique=False)
    op.create_table(
        "charging_profiles",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False, comment="unique among those that a station has"),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("stack_level", sa.Integer(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.Column("profile", Json(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False, comment="CSO: we"),
        sa.Column("transaction_id", sa.String(length=80), nullable=False),
        sa.Column("said", sa.String(length=100), nullable=False, comment="the station's word when it was asked"),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("reported_at", UtcTime(), nullable=True),
        sa.Column("reported", Json(), nullable=True, comment="as the station tells it, where that differs"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_charging_profiles")),
    )
    op.create_index(
        "ix_charging_profiles_open",
        "charging_profiles",
        ["station_id"],
        unique=False,
        sqlite_where=sa.text("state IN ('asked', 'installed')"),
        postgresql_where=sa.text("state IN ('asked', 'installed')"),
    )
    op.create_index(
        "ix_charging_profiles_over",
        "charging_profiles",
        ["changed_at"],
        unique=False,
        sqlite_where=sa.text("(state NOT IN ('asked', 'installed'))"),
        postgresql_where=sa.text("(state NOT IN ('asked', 'installed'))"),
    )
    op.create_index("ix_charging_profiles_station_id", "charging_profiles", ["station_id", "number"], unique=False)
    op.create_table(
        "der_alarms",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("fault", sa.String(length=30), nullable=False, comment="what of the grid; empty: not said"),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_der_alarms")),
    )
    op.create_index("ix_der_alarms_began_at", "der_alarms", ["began_at"], unique=False)
    op.create_index("ix_der_alarms_station_id", "der_alarms", ["station_id", "number"], unique=False)
    op.create_table(
        "der_controls",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("control_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("starts_at", UtcTime(), nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("settings", Json(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=100), nullable=False, comment="the station's word when it was asked"),
        sa.Column("actor", sa.String(length=200), nullable=False, comment="empty: the station told of it first"),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("reported_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "control_id", name=op.f("pk_der_controls")),
    )
    op.create_table(
        "der_reports",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("request_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("criteria", Json(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("complete_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "request_id", name=op.f("pk_der_reports")),
    )
