"""load over time."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "load_now",
        sa.Column(
            "site_id", sa.String(length=40), nullable=False, comment="*: the network; empty: stations in no site"
        ),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("power_w", sa.Float(), nullable=False),
        sa.Column("limit_w", sa.Float(), nullable=True),
        sa.Column("charging", sa.Integer(), nullable=False),
        sa.Column("connected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "at", name=op.f("pk_load_now")),
    )
    op.create_index("ix_load_now_at", "load_now", ["at"], unique=False)
    op.create_table(
        "load_past",
        sa.Column("site_id", sa.String(length=40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False, comment="when its five minutes began"),
        sa.Column("power_w", sa.Float(), nullable=False),
        sa.Column("power_max_w", sa.Float(), nullable=False),
        sa.Column("limit_w", sa.Float(), nullable=True),
        sa.Column("charging", sa.Integer(), nullable=False, comment="at most"),
        sa.Column("connected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "at", name=op.f("pk_load_past")),
    )
    op.create_index("ix_load_past_at", "load_past", ["at"], unique=False)
