"""charging profiles: the start that one went with."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column(
        "charging_profiles",
        sa.Column("remote_start_id", sa.BigInteger(), nullable=True, comment="the start that it went with"),
    )
