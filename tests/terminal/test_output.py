from datetime import UTC, datetime

import msgspec

from voltloom.terminal import output

ROWS = [
    {"number": 12, "last_at": datetime(2030, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "what_to_do": "Adopt it. " * 9},
    {"number": 3, "last_at": None, "what_to_do": "Nothing."},
]


def told(capsys, rows, columns, *, json=False):
    output.rows(rows, columns, json=json, empty="Nobody knocked.")
    return capsys.readouterr().out


def test_a_row_is_one_line_and_what_is_long_is_told_whole_below_it(capsys):
    lines = told(capsys, ROWS, ("number", "last_at", "what_to_do")).splitlines()
    assert lines == [
        "number  last at",
        "12      2030-01-02 03:04:05Z",
        f"  what to do: {'Adopt it. ' * 9}",
        "3       –",
        "  what to do: Nothing.",
    ]


def test_text_from_stations_neither_moves_the_cursor_nor_is_markup(capsys):
    shown = told(capsys, [{"identity": "[red]CP\x1b[2J\u202e7[/red]"}], ("identity",))
    assert shown.splitlines()[1] == "[red]CP�[2J�7[/red]"


def test_programs_get_everything_as_json(capsys):
    answer = msgspec.json.decode(told(capsys, ROWS, ("number",), json=True))
    assert [row["number"] for row in answer] == [12, 3]
    assert answer[0]["last_at"] == "2030-01-02T03:04:05.000678Z"


def test_nothing_to_list_is_said(capsys):
    assert told(capsys, [], ("number",)) == "Nobody knocked.\n"
