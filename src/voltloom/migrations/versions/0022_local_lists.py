"""Local authorization lists: what belongs on them, and how stations' stand."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "list_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False, comment="of tokens, groups, selections, sites and stations"),
        sa.Column("reckoned", sa.Integer(), nullable=False, comment="up to which of them"),
        sa.Column("next_at", UtcTime(), nullable=True, comment="when a token begins or ends to be valid"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_clock")),
    )
    op.create_table(
        "list_contents",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_list_contents")),
    )
    op.create_table(
        "list_selections",
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("scope_id", sa.String(length=48), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False, comment="JSON"),
        sa.Column("tokens", sa.Text(), nullable=False, comment="JSON: keys"),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("scope", "scope_id", name=op.f("pk_list_selections")),
    )
    op.create_table(
        "station_lists",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("wanted", sa.String(length=64), nullable=False, comment="digest; empty: nobody wants anything of it"),
        sa.Column("wanted_entries", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False, comment="for want of room"),
        sa.Column("room", sa.Integer(), nullable=True, comment="entries the station has room for; null: not said"),
        sa.Column("unsayable", sa.Integer(), nullable=False, comment="that its version has no room or word for"),
        sa.Column("version", sa.Integer(), nullable=False, comment="what it accepted last"),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="of that; empty: what is on it is not known"),
        sa.Column("said_version", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcTime(), nullable=True),
        sa.Column("must_ask", sa.Boolean(), nullable=False),
        sa.Column("said", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcTime(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_station_lists")),
    )
    op.create_index("ix_station_lists_state", "station_lists", ["state", "next_at"], unique=False)
