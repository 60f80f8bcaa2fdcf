"""Who set a setting, and what came of it, beside what the station reports."""

import asyncio
from datetime import UTC, datetime, timedelta

from charging_by_hand import a_station, charging_api
from voltloom.domain.commands import SettingAnswer, SettingStatus
from voltloom.domain.ids import Place
from voltloom.domain.reports import BootReported, LinkOpened, SettingsReported
from voltloom.domain.station import Hardware, Setting, SettingName


def test_each_setting_tells_who_set_it_what_came_of_it_and_whether_a_reboot_is_needed(fresh_database):
    async def story() -> None:
        async with fresh_database() as database, charging_api(database) as client:
            station = await a_station(database)
            station.now = datetime.now(UTC) - timedelta(hours=1)
            await station.says(LinkOpened(station.now, "192.0.2.7", "ocpp2.0.1", 1, "n1"))
            await station.says(BootReported(Hardware("ABB", "Terra", "S", "1")))
            names = [
                SettingName("AlignedDataCtrlr", "Interval"),
                SettingName("EVSE", "Power", place=Place(1)),
                SettingName("APN", "Password"),
                SettingName("ClockCtrlr", "TimeSource"),
            ]
            told = tuple(Setting(name, "1", unit="s", data_type="integer", max_limit=9.0) for name in names)
            await station.says(SettingsReported(1, 0, False, told))

            statuses = {
                "AlignedDataCtrlr.Interval": SettingStatus.REBOOT_REQUIRED,
                "EVSE@1.Power": SettingStatus.READ_ONLY,
                "APN.Password": SettingStatus.ACCEPTED,
            }
            client.network.says = lambda _, command: tuple(
                SettingAnswer(new.name, statuses[str(new.name)], "Own word", reason="<i>why</i>")
                for new in command.settings
            )
            wanted = [
                {"component": "AlignedDataCtrlr", "variable": "Interval", "value": "60"},
                {"component": "EVSE", "variable": "Power", "evse": 1, "value": "2"},
                {"component": "APN", "variable": "Password", "value": "hunter2"},
            ]
            answer = await client.client.post("/stations/CP-7/settings", json={"settings": wanted})
            assert answer.status_code == 200, answer.text

            async def listed() -> dict[str, dict]:
                text = (await client.get("/stations/CP-7/settings")).text
                assert "hunter2" not in text
                items = (await client.get("/stations/CP-7/settings")).json()["items"]
                return {each["variable"]: each for each in items}

            settings = await listed()
            interval = settings["Interval"]
            assert (interval["unit"], interval["data_type"], interval["max_limit"]) == ("s", "integer", 9.0)
            last = interval["last_set"]
            assert (last["actor"], last["value"], last["status"]) == ("Ada", "60", "reboot_required")
            assert (last["said"], last["reason"], last["reboot_needed"]) == ("Own word", "<i>why</i>", True)
            power = settings["Power"]["last_set"]
            assert (power["status"], power["reboot_needed"]) == ("read_only", False)
            assert settings["Power"]["value"] == "1"
            assert settings["Password"]["last_set"]["value"] is None
            assert settings["TimeSource"]["last_set"] is None

            station.now = datetime.now(UTC)
            await station.says(BootReported(Hardware("ABB", "Terra", "S", "1")))
            assert (await listed())["Interval"]["last_set"]["reboot_needed"] is False
            page = (await client.get("/stations/CP-7/settings", limit=2)).json()
            assert [each["last_set"] is not None for each in page["items"]] == [True, True]

            await client.client.delete("/stations/CP-7")
            await client.client.post("/stations", json={"id": "CP-7"})
            assert (await client.get("/stations/CP-7/settings")).json()["items"] == []

    asyncio.run(story())
