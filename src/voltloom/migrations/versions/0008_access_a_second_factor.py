"""access: a second factor."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    columns = (
        sa.Column("totp", sa.String(300), nullable=False, server_default="", comment="secret of the app, sealed"),
        sa.Column("totp_next", sa.String(300), nullable=False, server_default="", comment="one that is being set up"),
        sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0", comment="of the last code used"),
        sa.Column("recovery", sa.Text(), nullable=False, server_default="", comment="hashes of what was not used"),
    )
    with op.batch_alter_table("people") as people:
        for column in columns:
            people.add_column(column)
