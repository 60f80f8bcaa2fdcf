import asyncio
from datetime import timedelta

from sqlalchemy import select

from stations_by_hand import CONFIG, CP, NOW, Session, connect, registered
from voltloom.domain.events import (
    ConnectorStatusChanged,
    FaultNoticed,
    SecurityNoticed,
    SettingsReceived,
    StationBooted,
    StationChanged,
    StationConnected,
    StationDisconnected,
)
from voltloom.domain.ids import JsonText, Place
from voltloom.domain.reports import (
    NOTED,
    BootReported,
    ConnectorStatusReported,
    DataReply,
    DataReported,
    FaultReported,
    HeartbeatReported,
    LinkClosed,
    LinkOpened,
    SecurityReported,
    SettingsReported,
    Untranslated,
)
from voltloom.domain.station import (
    BootReason,
    ConnectorStatus,
    Hardware,
    Registration,
    Setting,
    SettingName,
)
from voltloom.features.feature import StationContext, extension
from voltloom.features.stations import StationsConfig, change_station, close_stale_links, remembered, store
from voltloom.infra.database import Database

SOCKET = Place(1, 1)
HARDWARE = Hardware("ABB", "Terra AC", "S-1", "1.2.3")


def opened(node: str = "n1", profile: int = 1) -> LinkOpened:
    return LinkOpened(NOW, "192.0.2.7", "ocpp2.0.1", profile, node)


async def station(database: Database):
    row = await database.read(lambda connection: store.get(connection, CP))
    assert row is not None
    return row


async def rows(database: Database, table):
    return await database.read(lambda connection: connection.execute(select(table)).mappings().all())


def run(fresh_database, story):
    async def whole():
        async with fresh_database() as database:
            await registered(database)
            await story(database)

    asyncio.run(whole())


# ---- the link


def test_a_connection_is_kept_and_told(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(opened())
        row = await station(database)
        assert (row["connected"], row["node"], row["address"], row["protocol"]) == (
            True,
            "n1",
            "192.0.2.7",
            "ocpp2.0.1",
        )
        assert row["connected_at"] == row["last_seen"] == NOW
        assert session.heard(StationConnected)
        await session.says(LinkClosed(NOW + timedelta(hours=1), "silent for 90 s", "n1"))
        row = await station(database)
        assert (row["connected"], row["disconnect_reason"]) == (False, "silent for 90 s")
        assert session.heard(StationDisconnected)[0].reason == "silent for 90 s"

    run(fresh_database, story)


def test_the_highest_profile_a_station_used_is_kept_and_who_lets_it_in_is_told(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(opened(profile=2))
        await session.says(opened(profile=2))
        assert [told.change for told in session.heard(StationChanged)] == ["reached"]
        await session.says(opened(profile=1))
        assert (await station(database))["profile_reached"] == 2
        assert (await station(database))["connection_profile"] == 1

    run(fresh_database, story)


def test_a_connection_that_was_replaced_ends_without_a_trace(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(opened())
        await session.says(LinkClosed(NOW, "replaced", "n1", replaced=True))
        assert (await station(database))["connected"]
        assert not session.heard(StationDisconnected)

    run(fresh_database, story)


def test_a_close_that_comes_late_from_another_node_does_not_close_the_new_link(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(opened("n1"))
        await session.says(opened("n2"))
        await session.says(LinkClosed(NOW, "gone", "n1"))
        row = await station(database)
        assert row["connected"]
        assert row["node"] == "n2"

    run(fresh_database, story)


def test_a_node_that_starts_holds_no_link(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(opened("n1"))
        assert await close_stale_links(database, "n2", NOW) == 0
        assert await close_stale_links(database, "n1", NOW) == 1
        assert not (await station(database))["connected"]
        assert await close_stale_links(database, "n1", NOW) == 0
        await session.says(opened("a name it had once"))
        assert await close_stale_links(database, None, NOW) == 1

    run(fresh_database, story)


# ---- boot


def test_a_boot_is_answered_as_the_policy_says_and_its_hardware_kept(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        reply = await session.says(BootReported(HARDWARE, BootReason.POWER_UP))
        assert (reply.registration, reply.interval_s, reply.now) == (Registration.ACCEPTED, 300, NOW)
        row = await station(database)
        assert (row["vendor"], row["model"], row["registration"], row["boot_reason"]) == (
            "ABB",
            "Terra AC",
            "Accepted",
            "PowerUp",
        )
        assert session.heard(StationBooted)[0].firmware == "1.2.3"

    run(fresh_database, story)


def test_a_station_to_be_looked_at_first_is_pending_until_it_boots_after_the_policy_changed(fresh_database):
    async def whole():
        async with fresh_database() as database:
            caller = await registered(database, policy=Registration.PENDING)
            session = await connect(database)
            # Before it ever booted it may say no more than one that was told to wait.
            assert session.memories.of(remembered).registration is Registration.PENDING
            reply = await session.says(BootReported(HARDWARE))
            assert (reply.registration, reply.interval_s) == (Registration.PENDING, 60)
            await change_station(caller, CP, {"policy": Registration.ACCEPTED})
            assert caller.stations.refreshed == [CP]
            again = await connect(database)
            assert again.memories.of(remembered).registration is Registration.PENDING
            assert (await again.says(BootReported(HARDWARE))).registration is Registration.ACCEPTED
            assert again.memories.of(remembered).registration is Registration.ACCEPTED

    asyncio.run(whole())


def test_a_station_that_reconnects_without_booting_is_still_accepted(fresh_database):
    async def story(database: Database):
        await (await connect(database)).says(BootReported(HARDWARE))
        assert (await connect(database)).memories.of(remembered).registration is Registration.ACCEPTED

    run(fresh_database, story)


def test_hostile_texts_are_kept_as_plain_texts(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(BootReported(Hardware("a\0b\x1b[31m", "<script>" * 100, "\ud800", "=1+1")))
        row = await station(database)
        assert "\0" not in row["vendor"]
        assert "\x1b" not in row["vendor"]
        assert len(row["model"]) == 100
        assert row["firmware"] == "=1+1"

    run(fresh_database, story)


def test_a_heartbeat_is_written_now_and_then_and_never_journaled(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        for _ in range(20):
            reply = await session.says(HeartbeatReported(), after=timedelta(minutes=1))
            assert reply.now == session.now
        assert 3 <= session.writes <= 5
        assert session.told == []

    run(fresh_database, story)


# ---- connectors and faults


def status(state: ConnectorStatus, minute: int = 0, fault: str = "", place: Place = SOCKET):
    return ConnectorStatusReported(place, state, NOW - timedelta(hours=1) + timedelta(minutes=minute), fault)


def test_a_status_is_told_when_it_changes_and_only_then(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(status(ConnectorStatus.AVAILABLE, 1))
        await session.says(status(ConnectorStatus.AVAILABLE, 2))
        await session.says(status(ConnectorStatus.CHARGING, 3))
        changes = session.heard(ConnectorStatusChanged)
        assert [(change.previous, change.status) for change in changes] == [
            ("", "Available"),
            ("Available", "Charging"),
        ]
        assert session.writes == 2

    run(fresh_database, story)


def test_a_late_status_does_not_overwrite_a_newer_one_even_after_a_reconnect(fresh_database):
    async def story(database: Database):
        await (await connect(database)).says(status(ConnectorStatus.CHARGING, 5))
        session = await connect(database)
        await session.says(status(ConnectorStatus.AVAILABLE, 4))
        (row,) = await rows(database, store.connectors)
        assert row["status"] == "Charging"

    run(fresh_database, story)


def test_after_a_boot_an_earlier_clock_is_believed(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(status(ConnectorStatus.CHARGING, 5))
        await session.says(BootReported(HARDWARE))
        await session.says(status(ConnectorStatus.AVAILABLE, 1))
        (row,) = await rows(database, store.connectors)
        assert row["status"] == "Available"

    run(fresh_database, story)


def test_places_that_cannot_be_are_dropped_and_there_are_not_endless_connectors(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(status(ConnectorStatus.AVAILABLE, place=Place(10**30, 1)))
        await session.says(status(ConnectorStatus.AVAILABLE, place=Place(-1, 1)))
        for evse in range(1, 251):
            await session.says(status(ConnectorStatus.AVAILABLE, place=Place(evse, 1)))
        assert len(await rows(database, store.connectors)) == 200
        assert session.heard(SecurityNoticed)[0].kind == "implausible_connector"

    run(fresh_database, story)


def test_a_fault_is_told_once_and_so_is_its_end(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        fault = FaultReported(Place(1, 1), None, "GroundFailure", "com.abb", "E-17", "leak")
        await session.says(fault)
        await session.says(fault)
        (row,) = await rows(database, store.faults)
        assert (row["code"], row["vendor_code"], row["text"]) == ("GroundFailure", "E-17", "leak")
        again = await connect(database)
        await again.says(fault)
        assert not again.heard(FaultNoticed)
        end = FaultReported(Place(1, 1), None, "", cleared=True)
        await again.says(end)
        await again.says(end)
        assert [each.cleared for each in session.heard(FaultNoticed) + again.heard(FaultNoticed)] == [False, True]
        assert await rows(database, store.faults) == []

    run(fresh_database, story)


def test_the_end_of_one_fault_leaves_the_others(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(FaultReported(Place(1, 1), None, "A"))
        await session.says(FaultReported(Place(1, 1), None, "B"))
        await session.says(FaultReported(Place(2, 1), None, "A"))
        await session.says(FaultReported(Place(1, 1), None, "A", cleared=True))
        left = {(row["evse"], row["code"]) for row in await rows(database, store.faults)}
        assert left == {(1, "B"), (2, "A")}

    run(fresh_database, story)


def test_a_station_that_cries_without_end_is_heard_for_a_while(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        for number in range(300):
            await session.says(SecurityReported(f"Event{number}", None, "x" * 5_000))
        told = session.heard(SecurityNoticed)
        assert len(told) == 61
        assert told[0].kind == "station:Event0"
        assert len(told[0].text) == 255
        assert told[-1].kind == "too_many_notices"

    run(fresh_database, story)


# ---- settings


def setting(variable: str, value: str | None = "1", component: str = "OCPPCommCtrlr") -> Setting:
    return Setting(SettingName(component, variable), value)


async def values(session: Session) -> dict[str, str | None]:
    return {row["variable"]: row["value"] for row in await rows(session.database, store.settings)}


def test_a_report_in_parts_out_of_order_and_twice_is_told_once_when_it_is_complete(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        last = SettingsReported(5, 2, more=False, settings=(setting("C"),), full=True)
        for report in (
            last,
            SettingsReported(5, 0, more=True, settings=(setting("A"),), full=True),
            last,
            SettingsReported(5, 1, more=True, settings=(setting("B"),), full=True),
        ):
            assert not session.heard(SettingsReceived)
            await session.says(report, after=timedelta(seconds=1))
        (received,) = session.heard(SettingsReceived)
        assert (received.report_id, received.count) == (5, 3)
        assert await values(session) == {"A": "1", "B": "1", "C": "1"}

    run(fresh_database, story)


def test_what_a_full_report_does_not_hold_is_forgotten_and_what_a_partial_one_leaves_out_stays(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        await session.says(SettingsReported(1, 0, more=False, settings=(setting("A"), setting("B")), full=True))
        await session.says(
            SettingsReported(2, 0, more=False, settings=(setting("A", "2"),)), after=timedelta(minutes=1)
        )
        assert await values(session) == {"A": "2", "B": "1"}
        await session.says(
            SettingsReported(3, 0, more=False, settings=(setting("A", "3"),), full=True), after=timedelta(minutes=1)
        )
        assert await values(session) == {"A": "3"}

    run(fresh_database, story)


def test_a_secret_is_not_kept(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        settings = (setting("AuthorizationKey", "hunter2hunter2hunter2", "OCPP16"), setting("HeartbeatInterval", "60"))
        await session.says(SettingsReported(None, 0, more=False, settings=settings))
        assert await values(session) == {"AuthorizationKey": None, "HeartbeatInterval": "60"}

    run(fresh_database, story)


def test_a_setting_named_twice_in_a_report_is_the_last_one(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        settings = (setting("A", "1"), setting("A", "2"))
        await session.says(SettingsReported(None, 0, more=False, settings=settings))
        assert await values(session) == {"A": "2"}

    run(fresh_database, story)


def test_a_station_does_not_fill_the_database_with_settings(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        for part in range(5):
            many = tuple(setting(f"V{part}-{number}") for number in range(5_000))
            await session.says(SettingsReported(9, part, more=True, settings=many))
        assert len(await values(session)) == 20_000
        assert session.heard(SecurityNoticed)[0].kind == "too_many_settings"

    run(fresh_database, story)


# ---- the rest


def test_a_vendors_message_is_answered_by_its_extension_and_others_are_unknown(fresh_database):
    async def wait(ctx: StationContext, report: DataReported) -> DataReply:
        await ctx.database.read(lambda connection: None)
        return DataReply("Accepted", "later")

    async def story(database: Database):
        config = StationsConfig(
            passwords=CONFIG.passwords,
            extensions=(
                extension("com.ABB", "Hello", lambda _, report: DataReply("Accepted", report.message_id)),
                extension("com.abb", "", lambda _, report: DataReply("Accepted", report.data)),
                extension("com.abb", "wait", wait),
                extension("com.any", None, lambda _, report: DataReply("Rejected", report.message_id)),
            ),
        )
        session = await connect(database, config=config)
        assert await session.says(DataReported("com.nobody")) == DataReply("UnknownVendorId")
        assert await session.says(DataReported("com.abb", "HELLO")) == DataReply("Accepted", "HELLO")
        assert await session.says(DataReported("com.abb", data="1")) == DataReply("Accepted", "1")
        assert await session.says(DataReported("com.abb", "wait")) == DataReply("Accepted", "later")
        assert await session.says(DataReported("com.abb", "bye")) == DataReply("UnknownMessageId")
        assert await session.says(DataReported("COM.any", "bye")) == DataReply("Rejected", "bye")

    run(fresh_database, story)


def test_what_has_no_meaning_yet_is_noted(fresh_database):
    async def story(database: Database):
        session = await connect(database)
        assert await session.says(Untranslated("NotifyDisplayMessages", JsonText("{}"))) is NOTED

    run(fresh_database, story)
