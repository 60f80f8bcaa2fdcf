"""Tariffs, costs and payments."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import Json, UtcTime

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "costs",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=False),
        sa.Column("begun_at", UtcTime(), nullable=False),
        sa.Column("tariff_id", sa.String(length=60), nullable=False, comment="empty: only the station reckons"),
        sa.Column("zone", sa.String(length=60), nullable=False, comment="whose times of day its prices mean"),
        sa.Column("shown", sa.Boolean(), nullable=False, comment="its station shows running costs"),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("without_tax", sa.BigInteger(), nullable=True, comment="in the smallest unit of the currency"),
        sa.Column("with_tax", sa.BigInteger(), nullable=True),
        sa.Column("document", Json(), nullable=True),
        sa.Column("reckoned_at", UtcTime(), nullable=True),
        sa.Column("reckoned_to", UtcTime(), nullable=True),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("told", sa.BigInteger(), nullable=True, comment="the amount its station was last told"),
        sa.Column("told_at", UtcTime(), nullable=True),
        sa.Column("station_currency", sa.String(length=3), nullable=False),
        sa.Column("station_total", sa.BigInteger(), nullable=True, comment="what the station reckoned itself"),
        sa.Column("station_details", Json(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "transaction_id", name=op.f("pk_costs")),
    )
    op.create_index("ix_costs_begun_at", "costs", ["begun_at", "station_id", "transaction_id"], unique=False)
    op.create_index(
        "ix_costs_open",
        "costs",
        ["station_id"],
        unique=False,
        sqlite_where=sa.text("final IS 0"),
        postgresql_where=sa.text("final IS false"),
    )
    op.create_table(
        "settlements",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("psp_ref", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("amount", sa.String(length=40), nullable=False, comment="a decimal, in the currency of the station"),
        sa.Column("at", UtcTime(), nullable=False, comment="as the station claims"),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=False, comment="empty: none began"),
        sa.Column("receipt_id", sa.String(length=50), nullable=False),
        sa.Column("receipt_url", sa.Text(), nullable=False),
        sa.Column("info", sa.Text(), nullable=False),
        sa.Column("vat_number", sa.String(length=20), nullable=False),
        sa.Column("company", Json(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_settlements")),
    )
    op.create_index("ix_settlements_transaction_id", "settlements", ["station_id", "transaction_id"], unique=False)
    op.create_index(
        "uq_settlements_told",
        "settlements",
        ["station_id", "psp_ref", "status", "transaction_id", "amount", "at"],
        unique=True,
    )
    op.create_table(
        "station_tariffs",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("tariff_id", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "tariff_id", "kind", name=op.f("pk_station_tariffs")),
    )
    op.create_table(
        "tariff_assignments",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target", sa.String(length=255), nullable=False, comment="empty: the network"),
        sa.Column("tariff_id", sa.String(length=60), nullable=False),
        sa.Column("assigned_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("kind", "target", name=op.f("pk_tariff_assignments")),
    )
    op.create_index(op.f("ix_tariff_assignments_tariff_id"), "tariff_assignments", ["tariff_id"], unique=False)
    op.create_table(
        "tariffs",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariffs")),
    )
