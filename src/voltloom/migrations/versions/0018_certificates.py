"""Certificates: requests of stations, other authorities, what stations have installed."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import UtcTime

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "certificate_authorities",
        sa.Column("use", sa.String(length=40), nullable=False, comment="what it vouches for"),
        sa.Column("fingerprint", sa.String(length=64), nullable=False, comment="SHA-256, hexadecimal"),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("not_before", UtcTime(), nullable=False),
        sa.Column("not_after", UtcTime(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("use", "fingerprint", name=op.f("pk_certificate_authorities")),
    )
    op.create_table(
        "certificate_inventories",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("use", sa.String(length=40), nullable=False),
        sa.Column("as_of", UtcTime(), nullable=False, comment="when the station last told all it has of this use"),
        sa.PrimaryKeyConstraint("station_id", "use", name=op.f("pk_certificate_inventories")),
    )
    op.create_table(
        "certificate_requests",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("use", sa.String(length=30), nullable=False, comment="empty: the station did not say"),
        sa.Column("number", sa.Integer(), nullable=True, comment="the station's own"),
        sa.Column("csr", sa.Text(), nullable=False),
        sa.Column("csr_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("next_at", UtcTime(), nullable=False, comment="when it is tried again, while it waits"),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column(
            "fingerprint", sa.String(length=64), nullable=False, comment="of what was signed; empty: nothing yet"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_requests")),
    )
    op.create_index("ix_certificate_requests_asked_at", "certificate_requests", ["asked_at", "id"], unique=False)
    op.create_index(
        "ix_certificate_requests_station_id_asked_at", "certificate_requests", ["station_id", "asked_at"], unique=False
    )
    op.create_index(
        "ix_certificate_requests_waiting",
        "certificate_requests",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "installed_certificates",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="in the station's own order"),
        sa.Column("use", sa.String(length=40), nullable=False),
        sa.Column("algorithm", sa.String(length=10), nullable=False),
        sa.Column("issuer_name_hash", sa.String(length=128), nullable=False),
        sa.Column("issuer_key_hash", sa.String(length=128), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("below", sa.Integer(), nullable=True, comment="number of the one that it is a child of"),
        sa.Column("as_of", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "number", name=op.f("pk_installed_certificates")),
    )
    # What was issued until now, was handed to operators, and was all signed by our own authority.
    op.add_column(
        "station_certificates",
        sa.Column(
            "use",
            sa.String(length=30),
            nullable=False,
            server_default="ChargingStationCertificate",
            comment="what the station proves with it",
        ),
    )
    op.add_column(
        "station_certificates",
        sa.Column(
            "outcome",
            sa.String(length=20),
            nullable=False,
            server_default="issued",
            comment="what became of it when it was made",
        ),
    )
    op.add_column(
        "station_certificates",
        sa.Column(
            "is_ours",
            sa.Boolean(),
            nullable=False,
            server_default=sa.true(),
            comment="signed by our own authority, so in its revocation list",
        ),
    )
    op.add_column(
        "station_certificates",
        sa.Column("renewal_asked_at", UtcTime(), nullable=True, comment="when the station was last asked to renew it"),
    )
    op.create_index(op.f("ix_station_certificates_not_after"), "station_certificates", ["not_after"], unique=False)
