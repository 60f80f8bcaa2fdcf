"""Firmware: images, updates and publications."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import Json, UtcTime

revision = "0016"
down_revision = "0015"

IS_OPEN = (
    "state IN ('accepted', 'asked', 'download_paused', 'download_scheduled', 'downloaded', "
    "'downloading', 'install_rebooting', 'install_scheduled', 'installing', 'signature_verified')"
)


def upgrade() -> None:
    op.create_table(
        "firmware_images",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("vendor", sa.String(length=100), nullable=False, comment="whose stations it is for; empty: any"),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("file_name", sa.String(length=100), nullable=False),
        sa.Column("notes", sa.String(length=1000), nullable=False),
        sa.Column("signature", sa.String(length=800), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("signer", Json(), nullable=True, comment="the certificate, as it was read"),
        sa.Column(
            "algorithm", sa.String(length=50), nullable=False, comment="how the signature was made, once it was checked"
        ),
        sa.Column("size", sa.BigInteger(), nullable=True, comment="null: the content is not here"),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("md5", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firmware_images")),
    )
    op.create_index("ix_firmware_images_created_at", "firmware_images", ["created_at", "id"], unique=False)
    op.create_table(
        "firmware_publications",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("image_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("checksum", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("locations", Json(), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("deadline", UtcTime(), nullable=False),
        sa.Column("ticket", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firmware_publications")),
    )
    op.create_index("ix_firmware_publications_asked_at", "firmware_publications", ["asked_at", "id"], unique=False)
    op.create_index(
        "ix_firmware_publications_station_id_asked_at",
        "firmware_publications",
        ["station_id", "asked_at"],
        unique=False,
    )
    op.create_index("ix_firmware_publications_ticket", "firmware_publications", ["ticket"], unique=False)
    op.create_table(
        "firmware_steps",
        sa.Column("update_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("status", sa.String(length=50), nullable=False, comment="the station's word, or what was found here"),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("update_id", "number", name=op.f("pk_firmware_steps")),
    )
    op.create_table(
        "firmware_updates",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("image_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("from_version", sa.String(length=100), nullable=False),
        sa.Column("campaign_id", sa.String(length=32), nullable=False, comment="empty: of none"),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=True),
        sa.Column("said", sa.String(length=100), nullable=False, comment="the station's word when it was asked"),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("retrieve_at", UtcTime(), nullable=True),
        sa.Column("install_at", UtcTime(), nullable=True),
        sa.Column("deadline", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("booted_version", sa.String(length=100), nullable=False),
        sa.Column("fetched_at", UtcTime(), nullable=True),
        sa.Column(
            "ticket",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of what stands in the address; empty: not from here",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firmware_updates")),
    )
    op.create_index("ix_firmware_updates_asked_at", "firmware_updates", ["asked_at", "id"], unique=False)
    op.create_index("ix_firmware_updates_campaign_id", "firmware_updates", ["campaign_id"], unique=False)
    op.create_index(
        "ix_firmware_updates_open",
        "firmware_updates",
        ["deadline"],
        unique=False,
        sqlite_where=sa.text(IS_OPEN),
        postgresql_where=sa.text(IS_OPEN),
    )
    op.create_index(
        "ix_firmware_updates_station_id_asked_at", "firmware_updates", ["station_id", "asked_at"], unique=False
    )
    op.create_index("ix_firmware_updates_ticket", "firmware_updates", ["ticket"], unique=False)
