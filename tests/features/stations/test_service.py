import asyncio

import pytest

from stations_by_hand import CONFIG, CP, NOW, Caller, Network, connect, registered
from voltloom.domain.commands import ChangeSettings, SettingAnswer, SettingStatus, Trigger, Triggerable
from voltloom.domain.errors import Conflict, Invalid, NotFound, StationError, TimedOut
from voltloom.domain.ids import SiteId, StationId
from voltloom.domain.reports import LinkOpened
from voltloom.domain.station import Registration, SecurityProfile
from voltloom.features.stations import (
    NewStation,
    add_station,
    change_station,
    credentials_of,
    remove_station,
    rotate_password,
    store,
)
from voltloom.infra.database import Database


def run(fresh_database, story):
    async def whole():
        async with fresh_database() as database:
            await story(database)

    asyncio.run(whole())


async def credentials(database: Database):
    loaded = credentials_of(database, CONFIG.passwords)
    await loaded.load()
    return loaded


async def lets_in(database: Database, password: str | None, station_id: StationId = CP) -> bool:
    loaded = await credentials(database)
    return loaded.verify(loaded.get(station_id), (password or "").encode())


def answers(status: SettingStatus):
    def says(_: StationId, command: ChangeSettings) -> tuple[SettingAnswer, ...]:
        return tuple(SettingAnswer(each.name, status, status.value) for each in command.settings)

    return says


# ---- the registry


def test_a_new_station_gets_addresses_and_a_password_that_lets_it_in(fresh_database):
    async def story(database: Database):
        welcome = await add_station(Caller(database), CONFIG, NewStation(CP, "Front door"))
        assert welcome.urls == ("ws://127.0.0.1:9000/ocpp/CP-7", "wss://csms.example.com:9443/ocpp/CP-7")
        assert welcome.password
        assert await lets_in(database, welcome.password)
        assert not await lets_in(database, "another-password-x")
        row = await database.read(lambda connection: store.get(connection, CP))
        assert row is not None
        assert CP not in row["public_id"]
        assert welcome.password not in str(dict(row))
        assert "password" not in repr(welcome)

    run(fresh_database, story)


def test_a_station_without_credentials_is_made_only_when_asked_for(fresh_database):
    async def story(database: Database):
        caller = Caller(database)
        welcome = await add_station(caller, CONFIG, NewStation(CP, security_profile=SecurityProfile.OPEN))
        assert welcome.password is None
        loaded = (await credentials(database)).get(CP)
        assert loaded is not None
        assert loaded.security_profile is SecurityProfile.OPEN
        other = await add_station(caller, CONFIG, NewStation("CP-8"))
        assert other.password is not None

    run(fresh_database, story)


def test_the_same_identity_is_registered_once(fresh_database):
    async def story(database: Database):
        caller = await registered(database)
        with pytest.raises(Conflict, match="already"):
            await add_station(caller, CONFIG, NewStation(CP))
        await add_station(caller, CONFIG, NewStation(CP.lower()))

    run(fresh_database, story)


@pytest.mark.parametrize(
    "new",
    [
        NewStation("a:b"),
        NewStation(CP, site_id=SiteId("nowhere")),
        NewStation(CP, protocols=("ocpp9",)),
        NewStation(CP, cert_fingerprint="abc"),
        NewStation(CP, password="too short"),
        NewStation(CP, security_profile=SecurityProfile.OPEN, password="a-password-too-much"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(fresh_database, new: NewStation):
    async def story(database: Database):
        with pytest.raises(Invalid):
            await add_station(Caller(database), CONFIG, new)
        assert await database.read(lambda connection: store.find(connection, (), None, 10)) == []

    run(fresh_database, story)


def test_a_certificate_is_that_of_one_station(fresh_database):
    async def story(database: Database):
        caller = await registered(database, cert_fingerprint="AB:" * 31 + "AB")
        with pytest.raises(Conflict, match="CP-7"):
            await add_station(caller, CONFIG, NewStation("CP-8", cert_fingerprint="ab" * 32))

    run(fresh_database, story)


def test_a_disabled_station_is_put_out(fresh_database):
    async def story(database: Database):
        caller = await registered(database)
        await change_station(caller, CP, {"enabled": False})
        loaded = (await credentials(database)).get(CP)
        assert loaded is not None
        assert not loaded.enabled
        assert caller.stations.disconnected == [(CP, "disabled by an operator")]

    run(fresh_database, story)


def test_a_change_that_changes_nothing_disturbs_nobody(fresh_database):
    async def story(database: Database):
        caller = await registered(database, name="Front door")
        await change_station(caller, CP, {"name": "Front door", "enabled": True})
        assert caller.stations == Network()

    run(fresh_database, story)


def test_a_security_profile_is_never_lowered_below_what_was_used(fresh_database):
    async def story(database: Database):
        caller = await registered(database)
        session = await connect(database)
        await session.says(LinkOpened(NOW, "192.0.2.7", "ocpp2.0.1", 2, "n1"))
        with pytest.raises(Conflict, match="never goes back"):
            await change_station(caller, CP, {"security_profile": SecurityProfile.PASSWORD})
        loaded = (await credentials(database)).get(CP)
        assert loaded is not None
        assert loaded.lowest_profile is SecurityProfile.PASSWORD_OVER_TLS
        await change_station(caller, CP, {"security_profile": SecurityProfile.PASSWORD_OVER_TLS})

    run(fresh_database, story)


def test_who_is_accepted_while_connected_is_asked_to_boot(fresh_database):
    async def story(database: Database):
        caller = await registered(database, policy=Registration.PENDING)
        await (await connect(database)).says(LinkOpened(NOW, "192.0.2.7", "ocpp1.6", 1, "n1"))
        await change_station(caller, CP, {"policy": Registration.ACCEPTED})
        assert caller.stations.asked == [(CP, Trigger(Triggerable.BOOT))]

    run(fresh_database, story)


def test_a_removed_station_is_gone_and_let_in_no_more(fresh_database):
    async def story(database: Database):
        caller = await registered(database)
        await remove_station(caller, CP)
        assert (await credentials(database)).get(CP) is None
        assert caller.stations.disconnected == [(CP, "removed by an operator")]
        with pytest.raises(NotFound):
            await remove_station(caller, CP)

    run(fresh_database, story)


# ---- passwords


def test_a_new_password_ends_the_old_one(fresh_database):
    async def story(database: Database):
        caller = Caller(database)
        old = (await add_station(caller, CONFIG, NewStation(CP))).password
        new = (await rotate_password(caller, CONFIG, CP)).password
        assert await lets_in(database, new)
        assert not await lets_in(database, old)
        assert caller.stations.disconnected == [(CP, "its password was changed")]

    run(fresh_database, story)


async def connected_station(database: Database) -> tuple[Caller, str | None]:
    caller = Caller(database)
    old = (await add_station(caller, CONFIG, NewStation(CP))).password
    await (await connect(database)).says(LinkOpened(NOW, "192.0.2.7", "ocpp2.0.1", 1, "n1"))
    return caller, old


def test_a_password_that_the_station_took_leaves_the_old_one_good_until_it_came_back(fresh_database):
    async def story(database: Database):
        caller, old = await connected_station(database)
        caller.stations.says = answers(SettingStatus.ACCEPTED)
        welcome = await rotate_password(caller, CONFIG, CP, install=True)
        (asked,) = caller.stations.asked
        assert asked[1].settings[0].value == welcome.password
        assert welcome.installed
        assert await lets_in(database, old)
        assert await lets_in(database, welcome.password)
        assert caller.stations.disconnected == []

    run(fresh_database, story)


def test_a_password_that_the_station_refused_is_not_its_password(fresh_database):
    async def story(database: Database):
        caller, old = await connected_station(database)
        caller.stations.says = answers(SettingStatus.REJECTED)
        with pytest.raises(StationError, match="did not take"):
            await rotate_password(caller, CONFIG, CP, "a-chosen-password-9", install=True)
        assert await lets_in(database, old)
        assert not await lets_in(database, "a-chosen-password-9")

    run(fresh_database, story)


def test_when_nobody_knows_whether_the_station_took_it_both_are_good(fresh_database):
    async def story(database: Database):
        caller, old = await connected_station(database)
        caller.stations.says = lambda *_: TimedOut("no answer")
        with pytest.raises(TimedOut):
            await rotate_password(caller, CONFIG, CP, "a-chosen-password-9", install=True)
        assert await lets_in(database, old)
        assert await lets_in(database, "a-chosen-password-9")

    run(fresh_database, story)


def test_a_password_is_not_installed_where_nobody_is(fresh_database):
    async def story(database: Database):
        caller = await registered(database)
        with pytest.raises(Conflict, match="not connected"):
            await rotate_password(caller, CONFIG, CP, install=True)

    run(fresh_database, story)
