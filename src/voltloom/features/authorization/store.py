"""Tokens, their groups, which of them charge now, and those that operators vouch for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)

from voltloom.domain.ids import StationId, TransactionId
from voltloom.domain.token import AuthorizationStatus, TokenKind
from voltloom.features.authorization.rules import Credit, Group, Known, Token, TokenState, Use
from voltloom.infra.database import Statement, UtcTime, metadata, upsert

tokens = Table(
    "tokens",
    metadata,
    Column("key", String(255), primary_key=True, comment="the value in upper case"),
    Column("value", String(255), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("group_id", String(255), nullable=True, index=True),
    Column("state", String(10), nullable=False),
    Column("valid_from", UtcTime, nullable=True),
    Column("valid_until", UtcTime, nullable=True),
    Column("holder", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("allowed", Integer, nullable=True, comment="open transactions; null: any number"),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

token_groups = Table(
    "token_groups",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("blocked", Boolean, nullable=False),
    Column("master", Boolean, nullable=False),
)

token_uses = Table(
    "token_uses",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("transaction_id", String(80), primary_key=True),
    Column("key", String(255), nullable=False),
    Column("since", UtcTime, nullable=False),
    Index("ix_token_uses_key", "key"),
)

token_credits = Table(
    "token_credits",
    metadata,
    Column("key", String(255), primary_key=True, comment="of a prepaid token"),
    Column("micro", BigInteger, nullable=False, comment="what is left, in millionths of the currency"),
    Column("currency", String(3), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

token_grants = Table(
    "token_grants",
    metadata,
    Column("station_id", String(48), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("until", UtcTime, nullable=False, index=True),
)

BEGIN_USE = Statement(
    upsert(token_uses, ("station_id", "transaction_id"), "key"), ("station_id", "transaction_id", "key", "since")
)
END_USE = Statement(
    delete(token_uses).where(
        token_uses.c.station_id == bindparam("station_key"), token_uses.c.transaction_id == bindparam("transaction_key")
    ),
    ("station_key", "transaction_key"),
)

_TOKEN = (
    tokens.c.value,
    tokens.c.kind,
    tokens.c.group_id,
    tokens.c.state,
    tokens.c.valid_from,
    tokens.c.valid_until,
    tokens.c.holder,
    tokens.c.note,
    tokens.c.language,
    tokens.c.allowed,
)


def _token(row: Sequence[Any]) -> Token:
    value, kind, group_id, state, *rest = row
    return Token(value, TokenKind(kind), group_id, TokenState(state), *rest)


# ---- deciding

_CREDIT = (token_credits.c.micro, token_credits.c.currency)
_WITH_GROUP = select(
    *_TOKEN, *_CREDIT, token_groups.c.id, token_groups.c.name, token_groups.c.blocked, token_groups.c.master
).select_from(
    tokens.outerjoin(token_groups, tokens.c.group_id == token_groups.c.id).outerjoin(
        token_credits, tokens.c.key == token_credits.c.key
    )
)
_KNOWN = _WITH_GROUP.add_columns(tokens.c.key).where(tokens.c.key.in_(bindparam("keys", expanding=True)))
_USES = select(token_uses.c.key, token_uses.c.station_id, token_uses.c.transaction_id, token_uses.c.since).where(
    token_uses.c.key.in_(bindparam("keys", expanding=True))
)


def read_known(connection: Connection, keys: Sequence[str]) -> dict[str, Known]:
    """By key; those that are in no list are not among them."""
    found: dict[str, Known] = {}
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        uses: dict[str, list[Use]] = {}
        for key, station_id, transaction_id, since in connection.execute(_USES, {"keys": some}):
            uses.setdefault(key, []).append(Use(StationId(station_id), TransactionId(transaction_id), since))
        for *row, key in connection.execute(_KNOWN, {"keys": some}):
            found[key] = _known(row, tuple(uses.get(key, ())))
    return found


@dataclass(frozen=True, slots=True)
class Selected:
    """total: how many were selected, `known` being the first of them."""

    known: tuple[Known, ...]
    total: int


def select_tokens(
    connection: Connection, wanted: tuple[Sequence[str], Sequence[str]] | None, now: datetime, limit: int
) -> Selected:
    """wanted: those of these groups, and those with these keys; None: all. Those that may charge now come first.
    Without their uses; and without prepaid ones: nobody but us knows what is left on them."""
    condition: ColumnElement[bool] = ~_is_prepaid()
    if wanted is not None:
        groups, keys = wanted
        condition = and_(condition, or_(tokens.c.group_id.in_(groups), tokens.c.key.in_(keys)))
    rank = case((_stands(AuthorizationStatus.ACCEPTED, now), 0), else_=1)
    query = _WITH_GROUP.where(condition).order_by(rank, tokens.c.key).limit(limit)
    known = tuple(_known(row) for row in connection.execute(query))
    total = len(known)
    if total == limit:
        total = connection.execute(select(func.count()).select_from(tokens).where(condition)).scalar_one()
    return Selected(known, total)


def _known(row: Sequence[Any], uses: tuple[Use, ...] = ()) -> Known:
    token, (micro, currency, *group) = row[: len(_TOKEN)], row[len(_TOKEN) :]
    return Known(
        _token(token),
        Group(*group) if group[0] is not None else None,
        uses,
        None if micro is None else Credit(micro, currency),
    )


def _is_prepaid(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(token_credits.c.key).where(token_credits.c.key == tokens.c.key, *more).correlate(tokens).exists()


def read_grants(connection: Connection, ids: Sequence[StationId]) -> dict[StationId, dict[str, datetime]]:
    """Few at any time: an operator has just asked for each."""
    wanted = set(ids)
    found: dict[StationId, dict[str, datetime]] = {}
    for station_id, key, until in connection.execute(select(token_grants)):
        if station_id in wanted:
            found.setdefault(station_id, {})[key] = until
    return found


def grant(connection: Connection, station_id: StationId, key: str, until: datetime, now: datetime) -> None:
    connection.execute(delete(token_grants).where(token_grants.c.until < now))
    connection.execute(
        upsert(token_grants, ("station_id", "key"), "until").values(station_id=station_id, key=key, until=until)
    )


def end_use(connection: Connection, station_id: StationId, transaction_id: TransactionId) -> None:
    connection.execute(
        delete(token_uses).where(token_uses.c.station_id == station_id, token_uses.c.transaction_id == transaction_id)
    )


# ---- tokens


def get_token(connection: Connection, key: str) -> Token | None:
    row = connection.execute(select(*_TOKEN).where(tokens.c.key == key)).one_or_none()
    return _token(row) if row else None


def find_tokens(
    connection: Connection,
    *,
    after: str = "",
    limit: int,
    words: str = "",
    group_id: str | None = None,
    state: TokenState | None = None,
    standing: tuple[AuthorizationStatus, datetime] | None = None,
) -> list[Token]:
    """In the order of their keys. standing: those that would be answered so at that time."""
    query = select(*_TOKEN).where(tokens.c.key > after).order_by(tokens.c.key).limit(limit)
    if words:
        query = query.where(
            or_(
                tokens.c.key.contains(words.upper(), autoescape=True),
                func.lower(tokens.c.holder).contains(words.lower(), autoescape=True),
                func.lower(tokens.c.note).contains(words.lower(), autoescape=True),
            )
        )
    if group_id is not None:
        query = query.where(tokens.c.group_id == group_id)
    if state is not None:
        query = query.where(tokens.c.state == state.value)
    if standing is not None:
        query = query.outerjoin(token_groups, tokens.c.group_id == token_groups.c.id).where(_stands(*standing))
    return [_token(row) for row in connection.execute(query)]


def _stands(status: AuthorizationStatus, now: datetime) -> ColumnElement[bool]:
    """`rules.standing`, as a condition."""
    c = tokens.c
    is_blocked = or_(c.state == TokenState.BLOCKED.value, func.coalesce(token_groups.c.blocked, False))
    is_invalid = c.state == TokenState.INVALID.value
    is_over = and_(c.valid_until.is_not(None), c.valid_until <= now)
    is_early = and_(c.valid_from.is_not(None), c.valid_from > now)
    is_known_good = and_(not_(is_blocked), not_(is_invalid))
    is_timely = and_(is_known_good, not_(is_over), not_(is_early))
    match status:
        case AuthorizationStatus.BLOCKED:
            return is_blocked
        case AuthorizationStatus.INVALID:
            return and_(not_(is_blocked), is_invalid)
        case AuthorizationStatus.EXPIRED:
            return and_(is_known_good, is_over)
        case AuthorizationStatus.NOT_AT_THIS_TIME:
            return and_(is_known_good, not_(is_over), is_early)
        case AuthorizationStatus.NO_CREDIT:
            return and_(is_timely, or_(c.state == TokenState.NO_CREDIT.value, _is_prepaid(token_credits.c.micro <= 0)))
        case AuthorizationStatus.ACCEPTED:
            is_spent = _is_prepaid(token_credits.c.micro <= 0)
            return and_(is_timely, c.state == TokenState.ACTIVE.value, not_(is_spent))
        case _:
            return false()


def groups_by_id(connection: Connection, ids: Iterable[str]) -> dict[str, Group]:
    query = select(token_groups).where(token_groups.c.id.in_(set(ids)))
    return {row.id: Group(*row) for row in connection.execute(query)}


def count_uses(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """How many transactions each has open; without those that have none."""
    c = token_uses.c
    query = select(c.key, func.count().label("n")).where(c.key.in_(set(keys))).group_by(c.key)
    return {row.key: row.n for row in connection.execute(query)}


def tokens_by_key(connection: Connection, keys: Iterable[str]) -> dict[str, Token]:
    wanted = list(keys)
    found: dict[str, Token] = {}
    for start in range(0, len(wanted), 500):
        query = select(*_TOKEN).where(tokens.c.key.in_(wanted[start : start + 500]))
        found.update((token.key, token) for token in map(_token, connection.execute(query)))
    return found


def _values(token: Token) -> dict[str, object]:
    return {
        "value": token.value,
        "kind": token.kind.value,
        "group_id": token.group_id,
        "state": token.state.value,
        "valid_from": token.valid_from,
        "valid_until": token.valid_until,
        "holder": token.holder,
        "note": token.note,
        "language": token.language,
        "allowed": token.allowed,
    }


def add_token(connection: Connection, token: Token, now: datetime) -> None:
    connection.execute(insert(tokens).values(key=token.key, **_values(token), created_at=now, changed_at=now))


def save_token(connection: Connection, token: Token, now: datetime) -> None:
    connection.execute(update(tokens).where(tokens.c.key == token.key).values(**_values(token), changed_at=now))


def remove_token(connection: Connection, key: str) -> None:
    connection.execute(delete(tokens).where(tokens.c.key == key))
    remove_credit(connection, key)


# ---- what is left on prepaid ones


def credits_by_key(connection: Connection, keys: Iterable[str]) -> dict[str, Credit]:
    query = select(token_credits.c.key, *_CREDIT).where(token_credits.c.key.in_(set(keys)))
    return {key: Credit(micro, currency) for key, micro, currency in connection.execute(query)}


def put_credit(connection: Connection, key: str, credit: Credit, now: datetime) -> None:
    connection.execute(
        upsert(token_credits, ("key",), "micro", "currency", "changed_at").values(
            key=key, micro=credit.micro, currency=credit.currency, changed_at=now
        )
    )


def change_credit(connection: Connection, key: str, currency: str, micro: int, now: datetime) -> bool:
    """Add to it what may be below 0; False where there is none in that currency."""
    c = token_credits.c
    done = connection.execute(
        update(token_credits).where(c.key == key, c.currency == currency).values(micro=c.micro + micro, changed_at=now)
    )
    return done.rowcount == 1


def remove_credit(connection: Connection, key: str) -> None:
    connection.execute(delete(token_credits).where(token_credits.c.key == key))


# ---- groups


def get_group(connection: Connection, group_id: str) -> Group | None:
    row = connection.execute(select(token_groups).where(token_groups.c.id == group_id)).one_or_none()
    return Group(*row) if row else None


def find_groups(connection: Connection, *, after: str = "", limit: int) -> list[tuple[Group, int]]:
    """With how many tokens each has, in the order of their ids."""
    members = func.count(tokens.c.key)
    query = (
        select(token_groups, members)
        .select_from(token_groups.outerjoin(tokens, tokens.c.group_id == token_groups.c.id))
        .where(token_groups.c.id > after)
        .group_by(*token_groups.c)
        .order_by(token_groups.c.id)
        .limit(limit)
    )
    return [(Group(*row[:-1]), row[-1]) for row in connection.execute(query)]


def group_ids(connection: Connection) -> set[str]:
    return set(connection.execute(select(token_groups.c.id)).scalars())


def count_members(connection: Connection, group_id: str) -> int:
    query = select(func.count()).select_from(tokens).where(tokens.c.group_id == group_id)
    return connection.execute(query).scalar_one()


def put_group(connection: Connection, group: Group) -> None:
    connection.execute(
        upsert(token_groups, ("id",), "name", "blocked", "master").values(
            id=group.id, name=group.name, blocked=group.blocked, master=group.master
        )
    )


def remove_group(connection: Connection, group_id: str) -> None:
    connection.execute(delete(token_groups).where(token_groups.c.id == group_id))
