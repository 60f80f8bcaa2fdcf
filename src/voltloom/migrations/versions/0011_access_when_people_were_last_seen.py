"""access: when people were last seen."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("people", sa.Column("last_seen_at", UtcTime(), nullable=True))
    op.execute("UPDATE people SET last_seen_at = last_sign_in_at")
