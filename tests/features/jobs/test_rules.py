"""What may be asked of which version, and how far a wish reaches."""

import pytest

from voltloom.domain.commands import (
    Accepted,
    Answer,
    ChangeSettings,
    Command,
    NewValue,
    Reset,
    ResetKind,
    SettingAnswer,
    SettingStatus,
    Trigger,
    Triggerable,
    Unlock,
)
from voltloom.domain.errors import Invalid, NotInThisVersion
from voltloom.domain.ids import Place
from voltloom.domain.station import SettingName
from voltloom.features.jobs.rules import ItemState, Target, blast_of, is_in_version, state_of
from voltloom.protocols.ocpp.dialect import DIALECTS, Version

COMMANDS: list[Command[object]] = [
    *(Reset(kind) for kind in ResetKind),  # type: ignore[list-item]
    Reset(ResetKind.IMMEDIATE, 1),  # type: ignore[list-item]
    Unlock(Place(1, 1)),  # type: ignore[list-item]
    Unlock(Place(1, 2)),  # type: ignore[list-item]
    *(
        Trigger(message, custom="Own" if message is Triggerable.CUSTOM else "")  # type: ignore[list-item]
        for message in Triggerable
    ),
    ChangeSettings((NewValue(SettingName("AlignedDataCtrlr", "Interval"), "60"),)),  # type: ignore[list-item]
]


@pytest.mark.parametrize("version", [Version.V16, Version.V201, Version.V21])
@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_what_is_said_of_a_version_is_what_its_translator_does(version: Version, command: Command[object]):
    def is_said() -> bool:
        try:
            next(DIALECTS[version].converse(command))
        except NotInThisVersion:
            return False
        except Invalid as error:
            pytest.fail(str(error))
        return True

    assert is_in_version(command, version.value) is is_said()


def test_how_far_it_reaches_is_counted():
    targets = [
        Target("A", True, "ocpp1.6", "Accepted", True),
        Target("B", False, "ocpp2.1", "Accepted", False),
        Target("C", False, "", "Pending", False),
    ]
    blast = blast_of(targets, Reset(ResetKind.IMMEDIATE_AND_RESUME), ["X"])
    assert (blast.stations, blast.connected, blast.offline, blast.charging) == (3, 1, 2, 1)
    assert (blast.not_in_version, blast.not_accepted, blast.missing) == (1, 1, ["X"])
    assert blast.by_protocol == {"ocpp1.6": 1, "ocpp2.1": 1, "none yet": 1}


def setting(status: SettingStatus) -> SettingAnswer:
    return SettingAnswer(SettingName("A", "B"), status, "")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(Accepted.ACCEPTED, "Accepted"), ItemState.DONE),
        (Answer(Accepted.SCHEDULED, "Scheduled"), ItemState.DONE),
        (Answer(Accepted.REJECTED, "Rejected"), ItemState.REFUSED),
        ((setting(SettingStatus.ACCEPTED), setting(SettingStatus.REBOOT_REQUIRED)), ItemState.DONE),
        ((setting(SettingStatus.ACCEPTED), setting(SettingStatus.UNKNOWN)), ItemState.REFUSED),
    ],
)
def test_what_a_station_answers_comes_down_to_a_state(answer: object, state: ItemState):
    assert state_of(answer) is state
