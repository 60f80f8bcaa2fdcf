"""contracts: what vehicles asked of the pool."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "contract_requests",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False, comment="Install or Update"),
        sa.Column("schema_version", sa.String(length=100), nullable=False, comment="of ISO 15118"),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_contract_requests")),
    )
    op.create_index("ix_contract_requests_at", "contract_requests", ["at"], unique=False)
    op.create_index(
        "uq_contract_requests_message", "contract_requests", ["station_id", "message_id", "at"], unique=True
    )
