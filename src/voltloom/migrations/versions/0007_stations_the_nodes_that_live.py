"""stations: the nodes that live."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_nodes")),
    )
