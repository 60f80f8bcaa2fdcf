"""Writes `docs/ocpp.md`: every action of every version, what becomes of it, and the test that shows it.

All of it is read off the code: what a dialect reads and says, which feature answers, which route asks, which test names
the action. `--check` compares with what is there and writes nothing.
"""

import ast
import asyncio
import dis
import inspect
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, TypeAlias

from generate_api_types import document
from voltloom.app.parts import features, parts_of
from voltloom.app.places import Addresses
from voltloom.domain import commands, reports
from voltloom.domain.commands import Command
from voltloom.domain.reports import Report
from voltloom.features.stations.asking import name_of_kind
from voltloom.infra.settings import Settings
from voltloom.protocols.ocpp.dialect import DIALECTS, Dialect, Version
from voltloom.protocols.ocpp.quirks import borne, known
from voltloom.protocols.ocpp.wire import Sender

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "ocpp.md"
VERSIONS = (Version.V16, Version.V201, Version.V21)
LABELS = {Version.V16: "1.6", Version.V201: "2.0.1", Version.V21: "2.1"}
YES, TYPED, NOT_THERE = "yes", "typed", "–"
TESTS = ("conformance", "protocols", "features", "entrypoints", "stories", "simulator")
"""Folders of tests, the most telling first."""
TELLING = {
    "ChangeAvailability": "conformance/test_cases_control.py test_TC_G_03_CSMS_an_evse_goes_out_of_service",
    "DiagnosticsStatusNotification": "conformance/test_logs.py test_diagnostics_are_asked_for_uploaded_and_given_out",
    "FirmwareStatusNotification": "conformance/test_firmware.py "
    "test_a_signed_update_from_asking_to_the_boot_that_confirms_it",
    "GetBaseReport": "conformance/test_cases_provisioning.py test_TC_B_13_CSMS_a_full_inventory",
    "GetVariables": "conformance/test_cases_provisioning.py test_TC_B_06_CSMS_one_variable_is_got",
    "LogStatusNotification": "conformance/test_logs.py test_diagnostics_are_asked_for_uploaded_and_given_out",
    "MeterValues": "conformance/test_cases_transactions.py test_TC_J_01_CSMS_clock_aligned_without_a_transaction",
    "NotifyEvent": "conformance/test_monitoring.py test_tc_n_08_one_variable_is_watched_for_changes",
    "RemoteStartTransaction": "conformance/test_cases_16.py test_TC_010_CSMS_remote_start_cable_first",
    "RequestStartTransaction": "conformance/test_cases_control.py test_TC_F_01_CSMS_remote_start_cable_first",
    "Reset": "conformance/test_cases_16.py test_TC_013_CSMS_hard_reset",
    "SecurityEventNotification": "conformance/test_firmware.py test_a_station_that_finds_the_signature_wrong",
    "SendLocalList": "conformance/test_cases_16.py test_TC_043_4_CSMS_a_full_list",
    "SetChargingProfile": "conformance/test_cases_smart_charging.py test_TC_K_01_CSMS_a_default_of_an_evse",
    "SetVariables": "conformance/test_cases_provisioning.py test_TC_B_09_CSMS_one_variable_is_set",
    "StartTransaction": "conformance/test_cases_16.py test_TC_003_CSMS_plug_in_first",
    "StopTransaction": "conformance/test_cases_16.py test_TC_005_1_CSMS_the_vehicle_is_unplugged",
    "TransactionEvent": "conformance/test_cases_transactions.py test_TC_E_03_CSMS_the_cable_first",
    "TriggerMessage": "conformance/test_cases_16.py test_TC_054_CSMS_messages_are_triggered",
}
"""Where the first test that names an action is not the one that shows what it is for."""
RAW = "`POST …/ocpp/{action}`"
STRAYING = """Where it says that none was found, integrators speak of it, and the trackers that `any.toml` names have no
report that could be cited. What names a field in brackets would be wrong to assume of any station: an entry of the make
in `quirks/` turns it on. Each is shown by a test in `tests/protocols/ocpp/test_quirks.py` or `test_charging.py`.

"""
HEAD = """# OCPP, action by action

Generated from the code by `tools/generate_ocpp_table.py`; `make generated` fails where it is stale.

**{yes}**: translated into the domain and acted upon. **{typed}**: checked against the schema, archived and answered, or
sent through the route for any action; nothing here acts on it yet. **{no}**: not in this version. Every message, of any
kind, is kept to the letter and can be read at `GET …/messages`.

{figures}
"""


Kind: TypeAlias = type[Command[Any]]


@dataclass
class Row:
    """One action in one direction. versions: what becomes of it in each."""

    action: str
    versions: dict[Version, str] = field(default_factory=dict[Version, str])
    means: set[str] = field(default_factory=set[str])
    where: set[str] = field(default_factory=set[str])
    test: str = ""

    def cells(self) -> list[str]:
        words = [self.versions.get(version, NOT_THERE) for version in VERSIONS]
        means = ", ".join(f"`{each}`" for each in sorted(self.means)) or "`Untranslated`"
        return [f"`{self.action}`", *words, means, ", ".join(sorted(self.where)), self.test]


# ---- reading code


def functions_of(function: Callable[..., Any], seen: set[CodeType] | None = None) -> Iterator[FunctionType]:
    """The function, and those of its own package that it names."""
    seen = set() if seen is None else seen
    while isinstance(function, partial):
        function = function.func
    if not isinstance(function, FunctionType) or function.__code__ in seen:
        return
    seen.add(function.__code__)
    yield function
    for name in names_of(function.__code__):
        named = function.__globals__.get(name)
        if isinstance(named, FunctionType) and named.__module__.startswith("voltloom.protocols.ocpp."):
            yield from functions_of(named, seen)


def names_of(code: CodeType) -> Iterator[str]:
    """Of the module, not of attributes."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            yield instruction.argval
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from names_of(inner)


def texts_of(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from texts_of(constant)


def reports_named(reader: Callable[..., Any]) -> set[str]:
    """The reports that a reader can make, itself or by what it calls, or that it holds ready."""
    found: set[str] = set()
    for function in functions_of(reader):
        for name in names_of(function.__code__):
            named = function.__globals__.get(name)
            kinds = [named] if isinstance(named, type) else [type(each) for each in getattr(named, "reports", ())]
            found.update(kind.__name__ for kind in kinds if issubclass(kind, Report))
    return found


def actions_said(speaker: Callable[..., Any], dialect: Dialect) -> set[str]:
    return {
        text
        for function in functions_of(speaker)
        for text in texts_of(function.__code__)
        if text in dialect.actions and Sender.CSMS in dialect.actions[text].sender
    }


def tests_by_action() -> dict[str, str]:
    """For each action, a test whose code names it; else a file of tests in which a helper of theirs does."""
    found: dict[str, str] = {}
    for folder in TESTS:
        beside: dict[str, str] = {}
        for file in sorted((ROOT / "tests" / folder).rglob("test_*.py")):
            named = f"`{file.relative_to(ROOT / 'tests')}`"
            for node in ast.parse(file.read_text()).body:
                test = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name
                for text in sorted(constants(node)):
                    if test and test.startswith("test_"):
                        found.setdefault(text, f"{named} {test}")
                    else:
                        beside.setdefault(text, named)
        for text, file_named in beside.items():
            found.setdefault(text, file_named)
    return found | {action: telling(action) for action in TELLING}


def telling(action: str) -> str:
    """Raises LookupError where that test is gone, or nothing that it is made of names the action."""
    file, test = TELLING[action].split()
    tree = ast.parse((ROOT / "tests" / file).read_text())
    by_name = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    pending, seen = [test], set[str]()
    while pending:
        name = pending.pop()
        if name in seen or (node := by_name.get(name) or HELPERS.get(name)) is None:
            continue
        seen.add(name)
        if action in constants(node):
            return f"`{file}` {test}"
        pending += [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
        pending += [each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)]
    raise LookupError(f"{TELLING[action]} is gone, or does not show {action}")


HELPERS = {
    node.name: node
    for node in ast.walk(ast.parse((ROOT / "tests" / "cases.py").read_text()))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
}
"""What tests of cases are made of."""


def constants(node: ast.AST) -> set[str]:
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


# ---- the table


def inbound(answered_by: Mapping[str, str], tests: Mapping[str, str]) -> list[Row]:
    rows: dict[str, Row] = {}
    for version in VERSIONS:
        dialect = DIALECTS[version]
        for name, action in dialect.actions.items():
            if Sender.STATION not in action.sender:
                continue
            row = rows.setdefault(name, Row(name))
            row.versions[version] = YES if name in dialect.translated else TYPED
            row.test = tests.get(name, "")
            if name in dialect.translated:
                row.means |= reports_named(dialect.reader(name))
            row.where = {answered_by[kind] for kind in row.means or {"Untranslated"}}
    return sorted(rows.values(), key=lambda row: row.action)


def outbound(routes: Mapping[str, Iterable[str]], tests: Mapping[str, str]) -> list[Row]:
    rows: dict[str, Row] = {}
    for version in VERSIONS:
        dialect = DIALECTS[version]
        said: dict[str, set[Kind]] = {}
        for kind, speaker in dialect.speakers.items():
            for name in actions_said(speaker, dialect):
                said.setdefault(name, set()).add(kind)
        for name, action in dialect.actions.items():
            if Sender.CSMS not in action.sender:
                continue
            row = rows.setdefault(name, Row(name))
            row.versions[version] = YES if name in said else TYPED
            row.test = tests.get(name, "")
            row.means |= {kind.__name__ for kind in said.get(name, ())}
            for kind in said.get(name, ()):
                row.where.update(routes.get(name_of_kind(kind), ()))
    for row in rows.values():
        row.means = row.means or {"RawCall"}
        row.where = row.where or {RAW}
    return sorted(rows.values(), key=lambda row: row.action)


def answering(folder: Path) -> dict[str, str]:
    """The feature that answers each kind of report."""
    ours = features(parts_of(Settings(data_dir=folder), Addresses("", ())))
    return {each.report.__name__: feature.name for feature in ours for each in feature.answers}


def routes_of(folder: Path) -> dict[str, set[str]]:
    """The routes that give each command."""
    routes: dict[str, set[str]] = {}
    paths: Any = asyncio.run(document(folder))["paths"]
    for path, methods in paths.items():
        for method, route in methods.items():
            if "x-command" in route:
                shown = f"`{method.upper()} {path.removeprefix('/api/v1')}`".replace("/stations/{station_id}", "…")
                routes.setdefault(str(route["x-command"]), set()).add(shown)
    return routes


def written(head: tuple[str, ...], rows: Iterable[Row]) -> str:
    return _table(head, [tuple(row.cells()) for row in rows])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def figures(rows: Iterable[Row]) -> str:
    listed = list(rows)
    told: list[str] = []
    for version in VERSIONS:
        there = [row for row in listed if version in row.versions]
        done = sum(row.versions[version] == YES for row in there)
        told.append(f"{LABELS[version]}: {done} of {len(there)} translated")
    return "; ".join(told) + "."


def straying() -> str:
    """What stations do otherwise than the standard has it, of every make and of one."""
    every = [(each.note, each.source or "none found") for each in borne()]
    makes = [(_make(each.vendor, each.model, each.firmware), each.note, each.source) for each in known()]
    return (
        "\n## What is borne with in every station\n\n"
        + STRAYING
        + _table(("what", "seen"), every)
        + "\n## What is made up for, of one make\n\n"
        + _table(("make", "what", "seen"), makes)
    )


def _make(vendor: str, model: str, firmware: str) -> str:
    more = [f"{name} `{pattern}`" for name, pattern in (("model", model), ("firmware", firmware)) if pattern != "*"]
    return ", ".join((f"`{vendor}`", *more))


def page() -> str:
    tests = tests_by_action()
    with tempfile.TemporaryDirectory() as folder:
        heard = inbound(answering(Path(folder) / "features"), tests)
        said = outbound(routes_of(Path(folder) / "document"), tests)
    versions = tuple(LABELS[version] for version in VERSIONS)
    return (
        HEAD.format(yes=YES, typed=TYPED, no=NOT_THERE, figures=figures([*heard, *said]))
        + "\n## What stations say\n\n"
        + written(("action", *versions, "means", "answered by", "test"), heard)
        + "\n## What we say\n\n"
        + written(("action", *versions, "command", "route", "test"), said)
        + straying()
    )


def main(options: list[str]) -> int:
    assert inspect.ismodule(commands), "every command is imported"
    assert inspect.ismodule(reports), "every report is imported"
    made = page()
    if "--check" not in options:
        TARGET.write_text(made)
        return 0
    if TARGET.is_file() and TARGET.read_text() == made:
        return 0
    print("docs/ocpp.md is stale: run .venv/bin/python tools/generate_ocpp_table.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
