from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, insert

from voltloom.infra.database import Statement, Work
from voltloom.infra.writer import grouped

_tables = [Table(f"t{n}", MetaData(), Column("x", Integer)) for n in range(4)]
STATEMENTS = [Statement(insert(table)) for table in _tables]
BULK = Statement(insert(_tables[0]), bulk=True)


@st.composite
def batches(draw):
    """Works as lists of statement numbers, each with its order key; "" is none."""
    return draw(
        st.lists(
            st.tuples(
                st.lists(st.sampled_from([*range(len(STATEMENTS)), "bulk"]), max_size=5),
                st.sampled_from(["", "a", "b"]),
            ),
            max_size=12,
        )
    )


def made(batch):
    works, orders = [], []
    for number, (statements, order) in enumerate(batch):
        work = Work()
        for place, statement in enumerate(statements):
            work.write(BULK if statement == "bulk" else STATEMENTS[statement], number, place)
        works.append(work)
        orders.append(order)
    return works, orders


@given(batches())
def test_every_row_is_written_once_with_its_own_statement(batch):
    works, orders = made(batch)
    written = sorted(
        (statement.sql.table.name, statement.bulk, row) for statement, rows in grouped(works, orders) for row in rows
    )
    assert written == sorted(
        (statement.sql.table.name, statement.bulk, values) for work in works for statement, values in work.writes
    )


@given(batches())
def test_order_is_kept_within_a_work_and_between_works_of_one_key(batch):
    works, orders = made(batch)
    rows = [row for statement, rows in grouped(works, orders) if not statement.bulk for row in rows]
    for key in ("a", "b"):
        mine = [row for row in rows if orders[row[0]] == key]
        assert mine == sorted(mine)
    for number in range(len(works)):
        mine = [row for row in rows if row[0] == number]
        assert mine == sorted(mine)


@given(batches())
def test_bulk_rows_come_last_in_one_group_in_order(batch):
    groups = grouped(*made(batch))
    kinds = [statement.bulk for statement, _ in groups]
    assert kinds == sorted(kinds)
    assert kinds.count(True) <= 1
    for statement, rows in groups:
        if statement.bulk:
            assert rows == sorted(rows)


def test_alike_works_of_many_stations_are_one_group_a_statement():
    batch = [([0, 1, "bulk"], f"CP-{n}") for n in range(100)]
    assert [len(rows) for _, rows in grouped(*made(batch))] == [100, 100, 100]
