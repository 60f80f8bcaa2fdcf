"""How commands speak: to people by default, to programs with `--json`. Results go to stdout, all else to stderr."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import NoReturn

import msgspec
from rich.console import Console

from voltloom.domain.errors import VoltloomError

_LONG = 40
"""Characters of a cell; a column with a longer one is told in lines of its own, below each row."""

people = Console(highlight=False, soft_wrap=True)
aside = Console(stderr=True, highlight=False, soft_wrap=True)


def result(value: Mapping[str, object], *, json: bool) -> None:
    """One thing: as `name  value` lines, or as one JSON object."""
    if json:
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
        return
    width = max((len(name) for name in value), default=0)
    for name, content in value.items():
        people.print(f"{name.replace('_', ' '):<{width}}  {_plain(content)}", markup=False)


def rows(items: Sequence[Mapping[str, object]], columns: Sequence[str], *, json: bool, empty: str) -> None:
    """Many things: as a table, or as one JSON array. `empty` says what to do where there is nothing yet."""
    if json:
        sys.stdout.write(msgspec.json.encode(items).decode() + "\n")
        return
    if not items:
        people.print(empty, markup=False)
        return
    table = [[_inert(_plain(item.get(column))) for column in columns] for item in items]
    widths = [max(len(name), *(len(row[number]) for row in table)) for number, name in enumerate(columns)]
    long = [max(len(row[number]) for row in table) > _LONG for number in range(len(columns))]
    people.print(_line([column.replace("_", " ") for column in columns], widths, long), style="bold", markup=False)
    for row in table:
        people.print(_line(row, widths, long), markup=False)
        for number, cell in enumerate(row):
            if long[number]:
                people.print(f"  {columns[number].replace('_', ' ')}: {cell}", style="dim", markup=False)


def _line(cells: Sequence[str], widths: Sequence[int], long: Sequence[bool]) -> str:
    shown = zip(cells, widths, long, strict=True)
    return "  ".join(f"{cell:<{width}}" for cell, width, apart in shown if not apart).rstrip()


def say(text: str, *, style: str = "") -> None:
    """A line about the work itself."""
    aside.print(text, style=style, markup=False)


def no_status() -> "nullcontext[None]":
    """In place of a spinner, where nobody watches a terminal."""
    return nullcontext(None)


def fail(error: VoltloomError | str) -> NoReturn:
    """End the command with the reason, and exit code 1."""
    say(f"voltloom: {error if isinstance(error, str) else error.reason}", style="red")
    raise SystemExit(1)


def _plain(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - anything has a text
    return str(value)


def _inert(text: str) -> str:
    """Text from outside cannot move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)
