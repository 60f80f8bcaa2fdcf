"""The first schema."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.archive import Bucket
from voltloom.infra.columns import Json, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("start", sa.String(length=20), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("last_used_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_keys_token_hash")),
    )
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor_kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", sa.String(length=100), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("action", sa.String(length=100), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("outcome", sa.String(length=500), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_log")),
    )
    op.create_index("audit_log_by_actor", "audit_log", ["actor_id", "number"], unique=False)
    op.create_index("audit_log_by_target", "audit_log", ["target", "number"], unique=False)
    op.create_table(
        "connectors",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("connector", sa.Integer(), nullable=False, comment="0: the EVSE as a whole"),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("fault", sa.String(length=50), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "evse", "connector", name=op.f("pk_connectors")),
    )
    op.create_table(
        "exchanges",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False, comment="when the call was heard or sent"),
        sa.Column("inbound", sa.Boolean(), nullable=False, comment="the station called"),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False, comment="the frame as it came or went"),
        sa.Column("answer", sa.Text(), nullable=False, comment="payload or error frame; empty where none was given"),
        sa.Column("took_us", sa.Integer(), nullable=True, comment="from the call to its answer"),
        sa.Column("trouble", sa.Text(), nullable=False, comment="what was wrong, for people; empty where all was well"),
        sa.Column("bucket", Bucket(), nullable=False, comment="one of a few, by the station"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_exchanges")),
    )
    op.create_index(
        op.f("ix_exchanges_bucket_number_station_id"), "exchanges", ["bucket", "number", "station_id"], unique=False
    )
    op.create_table(
        "journal",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("at", UtcTime(), nullable=False, comment="when it was written here"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="the station it is about, or empty"),
        sa.Column("body", Json(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False, comment="who wrote it"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journal_subject_number"), "journal", ["subject", "number"], unique=False)
    op.create_table(
        "key_prints",
        sa.Column("name", sa.String(length=60), nullable=False, comment="which key of the data directory"),
        sa.Column(
            "fingerprint",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of it: what the rows here were made with",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_key_prints")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("standing", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("last_sign_in_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_table(
        "remote_starts",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("evse", sa.Integer(), nullable=True),
        sa.Column("token_key", sa.String(length=255), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("station_id", "id", name=op.f("pk_remote_starts")),
    )
    op.create_index("ix_remote_starts_asked_at", "remote_starts", ["asked_at"], unique=False)
    op.create_table(
        "samples",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=False, comment="empty: outside of transactions"),
        sa.Column("at", UtcTime(), nullable=False, comment="as the station claims"),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("connector", sa.Integer(), nullable=True),
        sa.Column("context", sa.String(length=20), nullable=False),
        sa.Column(
            "twin",
            sa.SmallInteger(),
            nullable=False,
            comment="told apart from others of this instant, outside transactions",
        ),
        sa.Column("energy_wh", sa.Float(), nullable=True),
        sa.Column("export_wh", sa.Float(), nullable=True),
        sa.Column("power_w", sa.Float(), nullable=True),
        sa.Column("power_export_w", sa.Float(), nullable=True),
        sa.Column("current_1_a", sa.Float(), nullable=True),
        sa.Column("current_2_a", sa.Float(), nullable=True),
        sa.Column("current_3_a", sa.Float(), nullable=True),
        sa.Column("voltage_1_v", sa.Float(), nullable=True),
        sa.Column("voltage_2_v", sa.Float(), nullable=True),
        sa.Column("voltage_3_v", sa.Float(), nullable=True),
        sa.Column("soc_percent", sa.Float(), nullable=True),
        sa.Column("temperature_c", sa.Float(), nullable=True),
        sa.Column("frequency_hz", sa.Float(), nullable=True),
        sa.Column("offered_w", sa.Float(), nullable=True),
        sa.Column("offered_a", sa.Float(), nullable=True),
        sa.Column("extras", Json(), nullable=True),
        sa.Column("signed", Json(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_samples")),
    )
    op.create_index("ix_samples_transaction", "samples", ["station_id", "transaction_id", "at"], unique=False)
    op.create_index(
        "uq_samples_idle",
        "samples",
        ["station_id", "evse", "at", "context", "twin"],
        unique=True,
        sqlite_where=sa.text("transaction_id = ''"),
        postgresql_where=sa.text("transaction_id = ''"),
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("public_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("power_limit_w", sa.Float(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("public_id", name=op.f("uq_sites_public_id")),
    )
    op.create_index(op.f("ix_sites_name"), "sites", ["name"], unique=False)
    op.create_table(
        "station_certificates",
        sa.Column("fingerprint", sa.String(length=64), nullable=False, comment="SHA-256, hexadecimal"),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="of key, and so of the root that signed it"),
        sa.Column("serial", sa.String(length=40), nullable=False, comment="hexadecimal"),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("not_before", UtcTime(), nullable=False),
        sa.Column("not_after", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.Column("revoke_reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_station_certificates")),
    )
    op.create_index(op.f("ix_station_certificates_revoked_at"), "station_certificates", ["revoked_at"], unique=False)
    op.create_index(op.f("ix_station_certificates_station_id"), "station_certificates", ["station_id"], unique=False)
    op.create_table(
        "station_commands",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("command", sa.String(length=60), nullable=False),
        sa.Column("body", Json(), nullable=False),
        sa.Column("outcome", sa.String(length=500), nullable=False),
        sa.Column("answer", Json(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_station_commands")),
    )
    op.create_index(op.f("ix_station_commands_at"), "station_commands", ["at"], unique=False)
    op.create_index("ix_station_commands_station_id_number", "station_commands", ["station_id", "number"], unique=False)
    op.create_table(
        "station_faults",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False),
        sa.Column("connector", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("vendor_code", sa.String(length=50), nullable=False),
        sa.Column("vendor_id", sa.String(length=255), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "station_id", "evse", "connector", "code", "vendor_code", name=op.f("pk_station_faults")
        ),
    )
    op.create_table(
        "station_knocks",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("first_at", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("subprotocols", sa.String(length=500), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("tls", sa.String(length=200), nullable=False),
        sa.Column("profile", sa.SmallInteger(), nullable=True),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_station_knocks")),
        sa.UniqueConstraint("identity", "reason", "address", name="uq_station_knocks_one"),
    )
    op.create_index("ix_station_knocks_address_last_at", "station_knocks", ["address", "last_at"], unique=False)
    op.create_index("ix_station_knocks_last_at", "station_knocks", ["last_at"], unique=False)
    op.create_table(
        "station_settings",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("component", sa.String(length=50), nullable=False),
        sa.Column("component_instance", sa.String(length=50), nullable=False),
        sa.Column("variable", sa.String(length=50), nullable=False),
        sa.Column("variable_instance", sa.String(length=50), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False, comment="-1: the station"),
        sa.Column("connector", sa.Integer(), nullable=False, comment="0: the EVSE"),
        sa.Column("attribute", sa.String(length=10), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("mutability", sa.String(length=10), nullable=False),
        sa.Column("data_type", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("values_list", sa.Text(), nullable=False),
        sa.Column("min_limit", sa.Float(), nullable=True),
        sa.Column("max_limit", sa.Float(), nullable=True),
        sa.Column("reported_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "station_id",
            "component",
            "component_instance",
            "variable",
            "variable_instance",
            "evse",
            "connector",
            "attribute",
            name=op.f("pk_station_settings"),
        ),
    )
    op.create_table(
        "stations",
        sa.Column("id", sa.String(length=48), nullable=False, comment="the OCPP identity"),
        sa.Column("public_id", sa.String(length=24), nullable=False, comment="what the public sees instead"),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("site_id", sa.String(length=40), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("security_profile", sa.SmallInteger(), nullable=False),
        sa.Column("profile_reached", sa.SmallInteger(), nullable=False),
        sa.Column("password_hash", sa.String(length=64), nullable=False),
        sa.Column("old_password_hash", sa.String(length=64), nullable=False),
        sa.Column("password_changed_at", UtcTime(), nullable=True),
        sa.Column("protocols", sa.String(length=100), nullable=False, comment="allowed, by spaces; empty: all"),
        sa.Column("cert_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=10), nullable=False, comment="what a boot is answered"),
        sa.Column("registration", sa.String(length=10), nullable=True, comment="what the last boot was answered"),
        sa.Column("vendor", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("serial", sa.String(length=100), nullable=False),
        sa.Column("firmware", sa.String(length=100), nullable=False),
        sa.Column("iccid", sa.String(length=100), nullable=False),
        sa.Column("imsi", sa.String(length=100), nullable=False),
        sa.Column("meter_type", sa.String(length=100), nullable=False),
        sa.Column("meter_serial", sa.String(length=100), nullable=False),
        sa.Column("booted_at", UtcTime(), nullable=True),
        sa.Column("boot_reason", sa.String(length=30), nullable=False),
        sa.Column("last_seen", UtcTime(), nullable=True),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("node", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("protocol", sa.String(length=20), nullable=False),
        sa.Column("connection_profile", sa.SmallInteger(), nullable=True),
        sa.Column("connected_at", UtcTime(), nullable=True),
        sa.Column("disconnected_at", UtcTime(), nullable=True),
        sa.Column("disconnect_reason", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations")),
        sa.UniqueConstraint("public_id", name=op.f("uq_stations_public_id")),
    )
    op.create_index(op.f("ix_stations_site_id"), "stations", ["site_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="which handler"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=False,
            comment="of several that wait with the same key one is enough; empty: of none",
        ),
        sa.Column("body", Json(), nullable=False, comment="what the handler is given"),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("every_s", sa.Float(), nullable=True, comment="due again this long after each run"),
        sa.Column("lease_until", UtcTime(), nullable=True, comment="when others may take it over"),
        sa.Column("node", sa.Text(), nullable=False, comment="who runs it"),
        sa.Column("error", sa.Text(), nullable=False, comment="of the last attempt"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tasks_state_due_at"), "tasks", ["state", "due_at"], unique=False)
    op.create_index(
        "uq_tasks_one_waiting",
        "tasks",
        ["name", "key"],
        unique=True,
        sqlite_where=sa.text("key <> '' AND state = 'waiting'"),
        postgresql_where=sa.text("key <> '' AND state = 'waiting'"),
    )
    op.create_table(
        "token_grants",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "key", name=op.f("pk_token_grants")),
    )
    op.create_index(op.f("ix_token_grants_until"), "token_grants", ["until"], unique=False)
    op.create_table(
        "token_groups",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("master", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_groups")),
    )
    op.create_table(
        "token_uses",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("transaction_id", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "transaction_id", name=op.f("pk_token_uses")),
    )
    op.create_index("ix_token_uses_key", "token_uses", ["key"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("key", sa.String(length=255), nullable=False, comment="the value in upper case"),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("group_id", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("valid_from", UtcTime(), nullable=True),
        sa.Column("valid_until", UtcTime(), nullable=True),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=True, comment="open transactions; null: any number"),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_group_id"), "tokens", ["group_id"], unique=False)
    op.create_table(
        "transactions",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column(
            "said_id",
            sa.String(length=64),
            nullable=True,
            comment="what the station calls it, where that is not unique",
        ),
        sa.Column("evse", sa.Integer(), nullable=False, comment="0: nobody said"),
        sa.Column("connector", sa.Integer(), nullable=True),
        sa.Column("token", sa.String(length=255), nullable=False, comment="as presented"),
        sa.Column("token_key", sa.String(length=255), nullable=False, comment="in upper case"),
        sa.Column("token_kind", sa.String(length=20), nullable=False),
        sa.Column("token_sequence", sa.BigInteger(), nullable=True),
        sa.Column("group_id", sa.String(length=255), nullable=True),
        sa.Column("authorization", sa.String(length=30), nullable=False, comment="what was answered about the token"),
        sa.Column("started", sa.Boolean(), nullable=False, comment="the station told the start"),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("first_heard_at", UtcTime(), nullable=False),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.Column("last_sample_at", UtcTime(), nullable=True),
        sa.Column("charging_state", sa.String(length=20), nullable=False),
        sa.Column("state_sequence", sa.BigInteger(), nullable=False),
        sa.Column("meter_start_wh", sa.Float(), nullable=True),
        sa.Column("meter_stop_wh", sa.Float(), nullable=True),
        sa.Column("reckoning", Json(), nullable=False, comment="what it takes to count its energy on"),
        sa.Column("energy_wh", sa.Float(), nullable=True),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("power_w", sa.Float(), nullable=True),
        sa.Column("soc_percent", sa.Float(), nullable=True),
        sa.Column("stop_reason", sa.String(length=30), nullable=False),
        sa.Column("stop_token", sa.String(length=255), nullable=False),
        sa.Column(
            "closed_by", sa.String(length=20), nullable=False, comment="why we closed it; empty: the station ended it"
        ),
        sa.Column("remote_start_id", sa.BigInteger(), nullable=True),
        sa.Column("reservation_id", sa.BigInteger(), nullable=True),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False, comment="the numbers of its reports that came: 0-7,9"),
        sa.Column("kept_flags", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False, comment="with those that follow from the rest"),
        sa.Column("suspect", sa.Boolean(), nullable=False),
        sa.Column("start_key", sa.Text(), nullable=False, comment="what a 1.6 start is known by when it comes again"),
        sa.PrimaryKeyConstraint("station_id", "id", name=op.f("pk_transactions")),
    )
    op.create_index("ix_transactions_ended_at", "transactions", ["ended_at"], unique=False)
    op.create_index(
        "ix_transactions_open",
        "transactions",
        ["station_id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_transactions_said_id",
        "transactions",
        ["station_id", "said_id"],
        unique=False,
        sqlite_where=sa.text("said_id IS NOT NULL"),
        postgresql_where=sa.text("said_id IS NOT NULL"),
    )
    op.create_index("ix_transactions_started_at", "transactions", ["started_at", "station_id", "id"], unique=False)
    op.create_index("ix_transactions_station_id_started_at", "transactions", ["station_id", "started_at"], unique=False)
    op.create_index("ix_transactions_token_key", "transactions", ["token_key", "started_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("last_seen_at", UtcTime(), nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index("sessions_by_person", "sessions", ["person_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sign_in_links_person_id_people"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_links")),
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


GUARDS = {
    "sqlite": (
        "CREATE TRIGGER audit_log_keeps BEFORE UPDATE ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END",
        "CREATE TRIGGER audit_log_stays BEFORE DELETE ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_log_refuses() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$",
        "CREATE TRIGGER audit_log_keeps BEFORE UPDATE OR DELETE ON audit_log "
        "FOR EACH ROW EXECUTE FUNCTION audit_log_refuses()",
        "CREATE TRIGGER audit_log_stays BEFORE TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuses()",
    ),
}
