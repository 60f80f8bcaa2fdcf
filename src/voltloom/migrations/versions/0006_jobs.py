"""jobs."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import Json, UtcTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("command", sa.String(length=60), nullable=False),
        sa.Column("request", Json(), nullable=False, comment="what is asked; without secrets once it is over"),
        sa.Column("shown", Json(), nullable=False, comment="likewise, without secrets"),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("timeout_s", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_asked_at", "jobs", ["asked_at", "id"], unique=False)
    op.create_table(
        "job_items",
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=500), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False, comment="JSON"),
        sa.Column("at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("job_id", "station_id", name=op.f("pk_job_items")),
    )
    op.create_index("ix_job_items_job_id_state", "job_items", ["job_id", "state", "station_id"], unique=False)
