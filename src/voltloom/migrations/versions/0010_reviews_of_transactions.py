"""reviews of transactions."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "transaction_reviews",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("energy_wh", sa.Float(), nullable=True, comment="as stated; null: as it was reckoned"),
        sa.Column("flags", sa.Text(), nullable=False, comment="what was odd about it then"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_transaction_reviews")),
    )
    op.create_index(
        "ix_transaction_reviews_one", "transaction_reviews", ["station_id", "transaction_id", "number"], unique=False
    )
