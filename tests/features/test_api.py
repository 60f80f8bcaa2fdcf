import csv
import io
from datetime import UTC, datetime

import pytest

from voltloom.domain.errors import Invalid
from voltloom.features.api import csv_text, cursor, position

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)


def test_a_cursor_gives_the_keys_of_the_row_back():
    assert position(cursor("CP-7", 4), tuple[str, int]) == ("CP-7", 4)
    assert position(cursor(NOON, "ü"), tuple[datetime, str]) == (NOON, "ü")
    assert position(None, tuple[str]) is None


@pytest.mark.parametrize(
    "made_up", ["", "x", "€", "e30", cursor("a", "b"), cursor(1), cursor("2030-01-01T00:00:00", 1)]
)
def test_a_cursor_of_another_list_or_none_of_ours_is_refused(made_up):
    with pytest.raises(Invalid, match="cursor"):
        position(made_up, tuple[datetime, int])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx"])
def test_a_text_that_a_spreadsheet_would_run_is_exported_as_text(text):
    (row,) = csv.reader(io.StringIO(csv_text([[text, -1, None, "plain", NOON]])))
    assert row == ["'" + text, "-1", "", "plain", "2030-05-01T12:00:00Z"]
