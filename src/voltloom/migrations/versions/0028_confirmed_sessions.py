"""sessions: when their person last showed that it is them."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column(
            "confirmed_at", UtcTime(), nullable=True, comment="when its person last showed again that it is them"
        ),
    )
