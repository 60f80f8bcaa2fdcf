"""Monitoring: monitors and their templates, what stations noticed and stream, what they know of customers."""

import sqlalchemy as sa
from alembic import op

from voltloom.infra.columns import Json, UtcTime

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "customer_parts",
        sa.Column("request", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("request", "part", name=op.f("pk_customer_parts")),
    )
    op.create_table(
        "customer_requests",
        sa.Column(
            "number", sa.Integer(), autoincrement=False, nullable=False, comment="ours, which the station says again"
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("about", sa.String(length=300), nullable=False, comment="how the customer was named"),
        sa.Column("report", sa.Boolean(), nullable=False),
        sa.Column("clear", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("said", sa.String(length=100), nullable=False, comment="the station's word when it was asked"),
        sa.Column("last_part", sa.Integer(), nullable=True, comment="the number of the last part; null until it came"),
        sa.Column("ready_at", UtcTime(), nullable=True),
        sa.Column("read_at", UtcTime(), nullable=True),
        sa.Column("reader", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_customer_requests")),
    )
    op.create_index("ix_customer_requests_asked_at", "customer_requests", ["asked_at", "number"], unique=False)
    op.create_table(
        "event_streams",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="the station's"),
        sa.Column("monitor_id", sa.Integer(), nullable=False),
        sa.Column("interval_s", sa.Integer(), nullable=True),
        sa.Column("values_at_once", sa.Integer(), nullable=True),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("heard_at", UtcTime(), nullable=True, comment="when values last came"),
        sa.Column("pending", sa.Integer(), nullable=False, comment="values it had yet to send then"),
        sa.PrimaryKeyConstraint("station_id", "id", name=op.f("pk_event_streams")),
    )
    op.create_table(
        "monitor_changes",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("component", sa.String(length=50), nullable=False),
        sa.Column("component_instance", sa.String(length=50), nullable=False),
        sa.Column("variable", sa.String(length=50), nullable=False),
        sa.Column("variable_instance", sa.String(length=50), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False, comment="-1: the station"),
        sa.Column("connector", sa.Integer(), nullable=False, comment="0: the EVSE"),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("severity", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("template_id", sa.String(length=40), nullable=False, comment="empty: somebody set it by hand"),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("said", sa.String(length=50), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint(
            "station_id",
            "component",
            "component_instance",
            "variable",
            "variable_instance",
            "evse",
            "connector",
            "kind",
            "severity",
            name=op.f("pk_monitor_changes"),
        ),
    )
    op.create_table(
        "monitor_templates",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("vendor", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("firmware", sa.String(length=100), nullable=False),
        sa.Column("site_id", sa.String(length=40), nullable=False),
        sa.Column("monitors", Json(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitor_templates")),
    )
    op.create_table(
        "monitoring_states",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column(
            "base", sa.String(length=20), nullable=False, comment="as it was last accepted; empty: never set from here"
        ),
        sa.Column("level", sa.Integer(), nullable=True, comment="likewise"),
        sa.Column("report_id", sa.Integer(), nullable=True, comment="of the whole report that was last asked for"),
        sa.Column("reported_at", UtcTime(), nullable=True),
        sa.Column("trouble", sa.String(length=500), nullable=False, comment="why it could not be asked"),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_monitoring_states")),
    )
    op.create_table(
        "monitors",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="the station's"),
        sa.Column("component", sa.String(length=50), nullable=False),
        sa.Column("component_instance", sa.String(length=50), nullable=False),
        sa.Column("variable", sa.String(length=50), nullable=False),
        sa.Column("variable_instance", sa.String(length=50), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False, comment="-1: the station"),
        sa.Column("connector", sa.Integer(), nullable=False, comment="0: the EVSE"),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("in_transaction", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=30), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "id", name=op.f("pk_monitors")),
    )
    op.create_index("ix_monitors_variable", "monitors", ["component", "variable"], unique=False)
    op.create_table(
        "station_events",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False, comment="as the station says, where it can be believed"),
        sa.Column("event_id", sa.BigInteger(), nullable=False, comment="the station's"),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("component", sa.String(length=50), nullable=False),
        sa.Column("component_instance", sa.String(length=50), nullable=False),
        sa.Column("variable", sa.String(length=50), nullable=False),
        sa.Column("variable_instance", sa.String(length=50), nullable=False),
        sa.Column("evse", sa.Integer(), nullable=False, comment="-1: the station"),
        sa.Column("connector", sa.Integer(), nullable=False, comment="0: the EVSE"),
        sa.Column("value", sa.String(length=2500), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=True, comment="as it says (2.1)"),
        sa.Column("cause", sa.BigInteger(), nullable=True, comment="the id of the event that brought this one about"),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.Column("tech_code", sa.String(length=50), nullable=False),
        sa.Column("tech_info", sa.String(length=500), nullable=False),
        sa.Column("transaction_id", sa.String(length=36), nullable=False),
        sa.Column("monitor_id", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(length=30), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_station_events")),
    )
    op.create_index("ix_station_events_heard_at", "station_events", ["heard_at"], unique=False)
    op.create_index("ix_station_events_station_id_number", "station_events", ["station_id", "number"], unique=False)
    op.create_table(
        "stream_values",
        sa.Column("station_id", sa.String(length=48), nullable=False),
        sa.Column("stream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("value", sa.String(length=2500), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "stream_id", "at", name=op.f("pk_stream_values")),
    )
    op.create_index("ix_stream_values_at", "stream_values", ["at"], unique=False)
