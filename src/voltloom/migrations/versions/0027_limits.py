"""Limits of transactions, what is left on prepaid tokens, and stations that show changing QR codes."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import Json, UtcTime

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.create_table(
        "transaction_limits",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=False),
        sa.Column("wanted", Json(), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("wanted_at", UtcTime(), nullable=True),
        sa.Column("told_at", UtcTime(), nullable=True, comment="with the last answer that had it"),
        sa.Column("at_station", Json(), nullable=True, comment="as the station says that it holds it"),
        sa.Column("heard_at", UtcTime(), nullable=True),
        sa.Column("stopped_at", UtcTime(), nullable=True, comment="when its station was last asked to stop it"),
        sa.Column("reached", sa.String(length=10), nullable=False, comment="which it came to; empty: none"),
        sa.Column("prepaid", sa.String(length=255), nullable=False, comment="the token that pays; empty: none"),
        sa.Column("charged", sa.BigInteger(), nullable=False, comment="taken off it, in millionths"),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "transaction_id", name=op.f("pk_transaction_limits")),
    )
    op.create_index(op.f("ix_transaction_limits_changed_at"), "transaction_limits", ["changed_at"], unique=False)
    op.create_table(
        "limited_starts",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("remote_start_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wanted", Json(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "remote_start_id", name=op.f("pk_limited_starts")),
    )
    op.create_index("ix_limited_starts_asked_at", "limited_starts", ["asked_at"], unique=False)
    op.create_table(
        "token_credits",
        sa.Column("key", sa.String(length=255), nullable=False, comment="of a prepaid token"),
        sa.Column("micro", sa.BigInteger(), nullable=False, comment="what is left, in millionths of the currency"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_token_credits")),
    )
    op.create_table(
        "web_payments",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("template", sa.Text(), nullable=False, comment="of the addresses in its QR codes"),
        sa.Column("validity_s", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="its secret"),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_web_payments")),
    )
