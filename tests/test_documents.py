"""What the documents say and a program can check."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from voltloom.features.stations.inbox import KnockReason
from voltloom.infra.settings import Settings, default_data_dir

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NO_DEFAULT = {"data_dir": "`~/.local/share/voltloom`", "node": "the host's name"}
"""Settings whose default depends on the machine."""


def settings_table() -> str:
    lines = ["| setting | default | what it is |", "| --- | --- | --- |"]
    for each in fields(Settings):
        default = NO_DEFAULT.get(each.name) or f"`{getattr(Settings(), each.name)!r}`".replace("'", '"')
        default = {"`True`": "`true`", "`False`": "`false`", "`()`": "`[]`"}.get(default, default)
        least, most = each.metadata["least"], each.metadata["most"]
        bounds = "" if least is None else f" ({least:,} or more)" if most is None else f" ({least:,} to {most:,})"
        lines.append(f"| `{each.name}` | {default} | {each.metadata['about']}{bounds} |")
    return "\n".join(lines)


def test_operations_lists_every_setting_as_the_program_knows_it():
    text = (ROOT / "docs" / "operations.md").read_text()
    found = re.search(r"^\| setting \|.*?(?=\n\n)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    assert found[0] == settings_table(), "write into docs/operations.md what is told above as expected"
    assert default_data_dir().name == "voltloom"


def test_getting_started_tells_every_reason_for_which_a_station_is_not_let_in():
    text = (ROOT / "docs" / "getting-started.md").read_text()
    rows = re.search(r"^\| reason \|.*?(?=\n\n)", text, re.MULTILINE | re.DOTALL)
    assert rows is not None
    told = [name for line in rows[0].splitlines()[2:] for name in re.findall(r"`([a-z_]+)`", line.split("|")[1])]
    assert sorted(told) == sorted(reason.value for reason in KnockReason)


def anchors(text: str) -> set[str]:
    """Of headings, as code hosts make them."""
    titles = re.findall(r"^#+ +(.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_a_document_links_to_is_there(document: Path):
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file.read_text()), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_document_names_no_command_that_is_not_there(document: Path):
    commands = set(
        re.findall(r'@cli\.command\(\)\ndef (\w+)|_group\("(\w+)"', (ROOT / "src/voltloom/cli.py").read_text())
    )
    known = {name for pair in commands for name in pair if name}
    for name in re.findall(r"(?:`|\$ )voltloom ([a-z]+)", document.read_text()):
        assert name in known, f"voltloom {name}"
