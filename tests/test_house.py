"""What import-linter cannot see of the plan of the house."""

import ast
import inspect
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts

from voltloom.app.parts import features, parts_of
from voltloom.app.places import addresses
from voltloom.domain import commands, events, reports
from voltloom.features.stations import name_of_kind
from voltloom.infra.settings import load_settings

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "voltloom"
FILES = sorted(SOURCE.rglob("*.py"))


MADE_FOR_EACH_METER_VALUE = {reports.SamplesReported, reports.TransactionReported, events.TransactionUpdated}
"""Freezing is most of what it costs to make one."""


def imports(file: Path) -> set[str]:
    """The dotted names of all modules a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def feature_of(file: Path) -> str | None:
    parts = file.relative_to(SOURCE).parts
    return parts[1] if parts[0] == "features" and len(parts) > 2 else None


def subclasses(module: object, base: type) -> list[type]:
    return [
        kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, base) and kind is not base
    ]


def test_a_feature_is_imported_by_its_face_and_never_by_its_store():
    """Routes are for the one who assembles the server; everything else speaks to the face."""
    for file in FILES:
        for name in imports(file):
            match = re.fullmatch(r"voltloom\.features\.(\w+)\.store(\..*)?", name)
            assert match is None or match[1] == feature_of(file), f"{file.relative_to(ROOT)} imports {name}"


def test_the_web_framework_is_only_where_the_plan_says():
    for file in FILES:
        where = file.relative_to(SOURCE)
        if where.name == "api.py" or where.parent.name == "api" or where.parts[:2] == ("entrypoints", "http"):
            continue
        used = {name.split(".")[0] for name in imports(file)} & {"fastapi", "starlette", "uvicorn"}
        assert not used, f"{where} imports {used}"


@pytest.mark.parametrize("kind", subclasses(events, events.Event), ids=lambda kind: kind.__name__)
def test_every_event_has_a_name_of_its_own_and_says_when(kind: type[events.Event]):
    names = [other.name for other in subclasses(events, events.Event)]
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", kind.name)
    assert names.count(kind.name) == 1
    assert is_dataclass(kind)
    assert "at" in {field.name for field in fields(kind)}


@pytest.mark.parametrize(
    "kind",
    subclasses(commands, commands.Command) + subclasses(reports, reports.Report) + subclasses(events, events.Event),
    ids=lambda kind: kind.__name__,
)
def test_what_travels_is_a_frozen_value(kind: type):
    assert is_dataclass(kind)
    frozen = kind.__dataclass_params__.frozen  # pyright: ignore[reportAttributeAccessIssue]
    assert frozen != (kind in MADE_FOR_EACH_METER_VALUE)


def test_nothing_names_the_host_of_a_package_registry():
    hosts = re.compile(r"py[p]i\.org|python[h]osted|registry\.npm[j]s|deb\.debia[n]")
    for file in [*ROOT.glob("*"), *ROOT.glob("docs/**/*"), *ROOT.glob("src/**/*"), *ROOT.glob("tests/**/*")]:
        if file.is_file() and file.suffix in {".py", ".md", ".txt", ".toml", ".json", ".yml", ""}:
            assert not hosts.search(file.read_text(errors="ignore")), file


def test_nothing_left_for_later_hides_in_the_code():
    words = re.compile("TO[D]O|FIX[M]E|XX[X]")
    for file in [*FILES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("tools/*.py")]:
        assert not words.search(file.read_text()), file


def test_every_report_is_answered_by_exactly_one_feature(tmp_path: Path):
    settings = load_settings({"data_dir": tmp_path}, {})
    ours = features(parts_of(settings, addresses(settings)))
    answered = [each.report for feature in ours for each in feature.answers]
    assert sorted(kind.__name__ for kind in answered) == sorted(
        kind.__name__ for kind in subclasses(reports, reports.Report)
    )


SENT_BY_ITSELF = {"send_signed_certificate", "show_cost", "show_final_cost", "show_price"}
"""What nobody asks for: it goes with something else."""


def test_every_command_has_a_route_that_says_so(tmp_path: Path):
    settings = load_settings({"data_dir": tmp_path}, {})
    routers = [each.routes() for each in features(parts_of(settings, addresses(settings))) if each.routes is not None]
    routes = [context.original_route for router in routers for context in iter_route_contexts(router.routes)]  # pyright: ignore[reportAttributeAccessIssue]
    given = {(getattr(route, "openapi_extra", None) or {}).get("x-command") for route in routes} - {None}
    assert given == {name_of_kind(kind) for kind in subclasses(commands, commands.Command)} - SENT_BY_ITSELF


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("voltloom.cli", {"sqlalchemy", "alembic", "fastapi", "structlog", "cryptography"}),
        ("voltloom.terminal.records", {"fastapi", "uvicorn", "uvloop", "picows", "alembic", "nats", "duckdb", "httpx"}),
    ],
)
def test_a_command_imports_only_what_it_needs(module: str, heavy: set[str]):
    """Whoever waits for `voltloom station add` waits for what is imported, not for what is done."""
    script = f"import sys, {module}; print(*{heavy!r} & sys.modules.keys())"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not found.stdout.split()
