"""stations: the rated power has an index."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index(
        "ix_station_settings_power",
        "station_settings",
        ["station_id", "component"],
        unique=False,
        sqlite_where=sa.text("variable = 'Power'"),
        postgresql_where=sa.text("variable = 'Power'"),
    )
