"""Samples are found by when their transaction began."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column(
        "samples", sa.Column("begun_at", UtcTime(), nullable=True, comment="first_heard_at of its transaction")
    )
    op.execute(
        "UPDATE samples SET begun_at = (SELECT first_heard_at FROM transactions"
        " WHERE transactions.station_id = samples.station_id AND transactions.id = samples.transaction_id)"
        " WHERE transaction_id <> ''"
    )
    op.drop_index("ix_samples_transaction", "samples")
    op.create_index("ix_samples_begun_at", "samples", ["begun_at"])
