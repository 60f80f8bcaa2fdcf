"""Stations' lists follow the tokens, whatever the stations make of it. On both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stations_by_hand import CONFIG, CP, NOW, Caller, connect
from voltloom.domain.commands import (
    Command,
    GetLocalListVersion,
    GetSettings,
    ListAnswer,
    ListStatus,
    ListUpdate,
    ListVersion,
    SendLocalList,
    SettingAnswer,
    SettingStatus,
)
from voltloom.domain.errors import Conflict, Invalid, NotFound, StationError, TimedOut, Unreachable
from voltloom.domain.events import StationBooted, StationChanged, TokenChanged
from voltloom.domain.ids import StationId
from voltloom.domain.reports import LinkOpened
from voltloom.domain.station import Setting
from voltloom.domain.token import TokenKind
from voltloom.features import authorization, stations
from voltloom.features.authorization import Token, TokenState
from voltloom.features.authorization.rules import Group
from voltloom.features.authorization.service import change_token, put_group, remove_token
from voltloom.features.feature import Context
from voltloom.features.local_authorization import rules, service
from voltloom.features.local_authorization.rules import ListScope, Mode, Selection, State, StationList
from voltloom.features.stations import NewStation
from voltloom.infra.database import Database, Work, open_database
from voltloom.infra.migrations import migrate


@dataclass
class Keeper:
    """A station that keeps a list to the letter of the standard, and says what a test wants."""

    version: int | None = 0
    held: dict[str, str] = field(default_factory=dict[str, str])
    sent: list[SendLocalList] = field(default_factory=list[SendLocalList])
    asked: int = 0
    settings: dict[rules.SettingName, Setting] = field(default_factory=dict[rules.SettingName, Setting])
    statuses: list[ListStatus | Exception] = field(default_factory=list[ListStatus | Exception])

    def says(self, station_id: StationId, command: Command[Any]) -> object:
        match command:
            case GetLocalListVersion():
                self.asked += 1
                return ListVersion(self.version)
            case GetSettings(names):
                return tuple(self._setting(name) for name, _ in names)
            case SendLocalList():
                return self._takes(command)
            case _:
                raise AssertionError(command)

    def _setting(self, name: rules.SettingName) -> SettingAnswer:
        setting = self.settings.get(name)
        status = SettingStatus.UNKNOWN if setting is None else SettingStatus.ACCEPTED
        return SettingAnswer(name, status, "", setting)

    def _takes(self, command: SendLocalList) -> object:
        self.sent.append(command)
        said = self.statuses.pop(0) if self.statuses else ListStatus.ACCEPTED
        if isinstance(said, Exception):
            return said
        assert self.version is not None
        if (
            said is ListStatus.ACCEPTED
            and command.update is ListUpdate.DIFFERENTIAL
            and command.version <= self.version
        ):
            said = ListStatus.VERSION_MISMATCH
        if said is ListStatus.ACCEPTED:
            self.held = {} if command.update is ListUpdate.FULL else self.held
            for entry in command.entries:
                if entry.authorization is None:
                    self.held.pop(entry.token.key, None)
                else:
                    self.held[entry.token.key] = entry.authorization.status.value
            self.version = command.version
        return ListAnswer(said)


@dataclass
class House:
    database: Database
    caller: Caller
    keeper: Keeper

    async def turn(self) -> StationList:
        """Of the clockwork, with whatever was told before."""
        await service.reconcile(self.ctx)
        return await service.get_list(self.caller, CP)

    @property
    def ctx(self) -> Context:
        return Context(self.database, self.caller.stations, datetime.now(UTC), Work())

    async def tells(self, event: TokenChanged | StationBooted | StationChanged) -> None:
        match event:
            case TokenChanged():
                await service.tokens_changed(self.ctx, event)
            case StationBooted():
                await service.station_booted(self.ctx, event)
            case StationChanged():
                await service.station_changed(self.ctx, event)

    async def changes(self, value: str, **changes: Any) -> None:
        await change_token(self.caller, value, changes)
        await self.tells(TokenChanged(value, NOW, "changed"))

    async def selects(
        self, scope: ListScope, scope_id: str, mode: Mode, *tokens: str, groups: tuple[str, ...] = ()
    ) -> None:
        await service.put_selection(self.caller, Selection(scope, scope_id, mode, groups, tokens))

    async def boots(self) -> None:
        await self.tells(StationBooted(CP, datetime.now(UTC), "Accepted", "", "", "", ""))


Story = Callable[[House], Awaitable[None]]


def played(database_url: str, story: Story) -> None:
    async def play() -> None:
        database = await open_database(database_url)
        try:
            await migrate(database)
            caller = Caller(database)
            await stations.add_station(caller, CONFIG, NewStation(CP))
            await (await connect(database)).says(LinkOpened(NOW, "192.0.2.1", "ocpp2.0.1", 1, "n1"))
            for value in ("AA", "BB", "CC"):
                await authorization.add_token(caller, Token(value, TokenKind.ISO14443))
            keeper = Keeper()
            caller.stations.says = keeper.says
            await story(House(database, caller, keeper))
        finally:
            await database.close()

    asyncio.run(play())


def test_a_list_follows_the_tokens(database_url: str):
    async def story(house: House) -> None:
        keeper = house.keeper
        assert (await house.turn()).state is State.OFF
        assert not keeper.sent
        await house.selects(ListScope.NETWORK, "", Mode.EVERYTHING)
        first = await house.turn()
        assert (first.state, first.version, first.wanted_entries) == (State.CURRENT, 1, 3)
        assert keeper.held == {"AA": "Accepted", "BB": "Accepted", "CC": "Accepted"}
        await house.turn()
        assert len(keeper.sent) == 1
        await house.changes("BB", state=TokenState.NO_CREDIT)
        await house.turn()
        assert (keeper.sent[-1].update, len(keeper.sent[-1].entries)) == (ListUpdate.DIFFERENTIAL, 1)
        assert keeper.held["BB"] == "NoCredit"
        await remove_token(house.caller, "AA")
        await house.tells(TokenChanged("AA", NOW, "removed"))
        assert (await house.turn()).version == 3
        assert keeper.held == {"BB": "NoCredit", "CC": "Accepted"}
        # What a driver's note says changes nothing on the list.
        await house.changes("CC", note="lent to a friend")
        await house.turn()
        assert len(keeper.sent) == 3

    played(database_url, story)


def test_selections_of_groups_and_of_the_station_alone(database_url: str):
    async def story(house: House) -> None:
        await put_group(house.caller, Group("fleet"))
        await house.changes("AA", group_id="fleet")
        await house.selects(ListScope.NETWORK, "", Mode.CHOSEN, groups=("fleet",))
        await house.turn()
        assert set(house.keeper.held) == {"AA"}
        await house.selects(ListScope.STATION, CP, Mode.CHOSEN, "bb", "BB", "nobody's")
        await house.turn()
        assert set(house.keeper.held) == {"BB"}
        await service.remove_selection(house.caller, ListScope.STATION, CP)
        await house.turn()
        assert set(house.keeper.held) == {"AA"}
        await house.selects(ListScope.STATION, CP, Mode.OFF)
        assert (await house.turn()).state is State.OFF
        assert set(house.keeper.held) == {"AA"}, "what is on a list that nobody wants to know of stays there"
        with pytest.raises(Conflict):
            await service.send_now(house.caller, CP, full=True)
        with pytest.raises(Invalid):
            await house.selects(ListScope.NETWORK, "", Mode.CHOSEN, groups=("nobody",))
        with pytest.raises(NotFound):
            await house.selects(ListScope.SITE, "nowhere", Mode.EVERYTHING)
        with pytest.raises(NotFound):
            await service.remove_selection(house.caller, ListScope.SITE, "nowhere")

    played(database_url, story)


def test_a_list_that_was_changed_behind_our_back_is_found_out_at_the_next_boot(database_url: str):
    async def story(house: House) -> None:
        keeper = house.keeper
        await house.selects(ListScope.NETWORK, "", Mode.EVERYTHING)
        await house.turn()
        await house.boots()
        assert (await house.turn()).state is State.CURRENT
        assert (keeper.asked, len(keeper.sent)) == (2, 1)
        keeper.version, keeper.held = 17, {"EVIL": "Accepted"}
        await house.boots()
        found = await house.turn()
        assert (keeper.sent[-1].update, found.version, found.said_version) == (ListUpdate.FULL, 18, 17)
        assert set(keeper.held) == {"AA", "BB", "CC"}

    played(database_url, story)


def test_a_mismatch_is_answered_with_the_whole_list(database_url: str):
    async def story(house: House) -> None:
        keeper = house.keeper
        await house.selects(ListScope.NETWORK, "", Mode.EVERYTHING)
        await house.turn()
        keeper.version = 40
        await house.changes("AA", state=TokenState.BLOCKED)
        found = await house.turn()
        assert [message.update for message in keeper.sent[1:]] == [ListUpdate.DIFFERENTIAL, ListUpdate.FULL]
        assert (found.state, found.version, keeper.held["AA"]) == (State.CURRENT, 41, "Blocked")

    played(database_url, story)


def test_a_failure_is_tried_again_later_and_a_refusal_for_good_less_often(database_url: str):
    async def story(house: House) -> None:
        keeper = house.keeper
        await house.selects(ListScope.NETWORK, "", Mode.EVERYTHING)
        keeper.statuses = [ListStatus.FAILED]
        found = await house.turn()
        assert (found.state, found.said, found.tries) == (State.FAILED, "Failed", 1)
        assert found.next_at is not None
        await house.turn()
        assert len(keeper.sent) == 1, "it is not its turn"
        keeper.statuses = [StationError("no such thing", "NotImplemented")]
        assert (await service.send_now(house.caller, CP, full=False)).state is State.UNSUPPORTED
        await house.boots()
        assert (await house.turn()).state is State.CURRENT, "after an update it may have learnt it"
        keeper.version = None
        await house.boots()
        assert (await house.turn()).state is State.UNSUPPORTED

    played(database_url, story)


@pytest.mark.parametrize("error", [TimedOut("silent"), Unreachable("gone")], ids=["silent", "gone"])
def test_a_list_that_broke_off_is_sent_in_full(database_url: str, error: Exception):
    async def story(house: House) -> None:
        keeper = house.keeper
        keeper.settings[rules.ITEMS_PER_MESSAGE] = Setting(rules.ITEMS_PER_MESSAGE, "1")
        keeper.statuses = [ListStatus.ACCEPTED, error]
        await house.selects(ListScope.NETWORK, "", Mode.EVERYTHING)
        found = await house.turn()
        assert (found.digest, found.version) == ("", 1)
        assert found.state in (State.FAILED, State.PENDING)
        assert (await service.send_now(house.caller, CP, full=False)).state is State.CURRENT
        assert [message.update for message in keeper.sent[2:]] == [
            ListUpdate.FULL,
            ListUpdate.DIFFERENTIAL,
            ListUpdate.DIFFERENTIAL,
        ]
        assert set(keeper.held) == {"AA", "BB", "CC"}

    played(database_url, story)


def test_a_station_with_little_room_gets_what_fits(database_url: str):
    async def story(house: House) -> None:
        keeper = house.keeper
        keeper.settings[rules.ENTRIES_16] = Setting(rules.ENTRIES_16, "2")
        await house.changes("AA", state=TokenState.BLOCKED)
        await house.selects(ListScope.NETWORK, "", Mode.EVERYTHING)
        found = await house.turn()
        assert (found.state, found.room, found.left_out, found.wanted_entries) == (State.CURRENT, 2, 1, 2)
        assert set(keeper.held) == {"BB", "CC"}
        await house.changes("BB", state=TokenState.BLOCKED)
        await house.changes("AA", state=TokenState.ACTIVE)
        found = await house.turn()
        assert (set(keeper.held), found.left_out) == ({"AA", "CC"}, 1)

    played(database_url, story)


def test_a_token_whose_time_comes_changes_the_list_by_itself(database_url: str):
    async def story(house: House) -> None:
        soon = datetime.now(UTC) + timedelta(hours=1)
        await house.changes("AA", valid_until=soon)
        await house.selects(ListScope.NETWORK, "", Mode.CHOSEN, "AA")
        await house.turn()
        assert house.keeper.held == {"AA": "Accepted"}
        later = Context(house.database, house.caller.stations, soon + timedelta(seconds=1), Work())
        await service.reconcile(later)
        assert house.keeper.held == {"AA": "Expired"}

    played(database_url, story)


def test_a_removed_station_leaves_nothing_behind(database_url: str):
    async def story(house: House) -> None:
        await house.selects(ListScope.STATION, CP, Mode.EVERYTHING)
        await house.turn()
        await stations.remove_station(house.caller, CP)
        await house.tells(StationChanged(CP, NOW, "removed"))
        await service.reconcile(house.ctx)
        left = await house.database.read(
            lambda connection: [
                connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
                for name in ("station_lists", "list_selections", "list_contents")
            ]
        )
        assert left == [0, 0, 0]

    played(database_url, story)


def test_a_station_that_is_not_there_is_not_asked(database_url: str):
    async def story(house: House) -> None:
        other = StationId("CP-8")
        await stations.add_station(house.caller, CONFIG, NewStation(other))
        await house.selects(ListScope.STATION, other, Mode.EVERYTHING)
        await house.turn()
        assert not house.keeper.sent
        with pytest.raises(Unreachable):
            await service.send_now(house.caller, other, full=False)
        with pytest.raises(NotFound):
            await service.get_list(house.caller, StationId("nobody"))

    played(database_url, story)
