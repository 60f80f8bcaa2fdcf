"""Finding things by what somebody types: the best first, and few."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection

from voltloom.features.access import Actor, Scope, search_people
from voltloom.features.authorization import find_tokens
from voltloom.features.sites import search_sites
from voltloom.features.stations import search_stations
from voltloom.features.transactions import search_transactions


class HitKind(Enum):
    STATION = "station"
    SITE = "site"
    TOKEN = "token"  # noqa: S105  # a word
    TRANSACTION = "transaction"
    PERSON = "person"


_ORDER = list(HitKind)


@dataclass(frozen=True, slots=True)
class Hit:
    """id: what the API knows it by; a transaction's also takes its station. also: what else it is known by, for people.
    texts: what was searched, the most telling first."""

    kind: HitKind
    id: str
    title: str
    also: str = ""
    station_id: str | None = None
    site_id: str | None = None
    at: datetime | None = None
    texts: tuple[str, ...] = ()


def search(connection: Connection, actor: Actor, words: str, limit: int) -> list[Hit]:
    """At most `limit` of a kind, and of the kinds that the actor may see; the best first."""
    hits: list[Hit] = []
    if actor.may(Scope.STATIONS_READ):
        for each in search_stations(connection, words, limit):
            make = f"{each.vendor} {each.model}".strip()
            texts = (each.id, each.name, each.serial, make)
            hits.append(Hit(HitKind.STATION, each.id, each.name or each.id, make, site_id=each.site_id, texts=texts))
    if actor.may(Scope.SITES_READ):
        for site in search_sites(connection, words, limit):
            value = site.values
            hits.append(Hit(HitKind.SITE, site.id, value.name, value.city, texts=(value.name, value.city)))
    if actor.may(Scope.TOKENS_READ):
        hits += [
            Hit(HitKind.TOKEN, token.value, token.value, token.holder, texts=(token.value, token.holder))
            for token in find_tokens(connection, words=words, limit=limit)
        ]
    if actor.may(Scope.TRANSACTIONS_READ):
        hits += [
            Hit(HitKind.TRANSACTION, tx.id, tx.id, tx.token, tx.station_id, at=tx.started_at, texts=(tx.id,))
            for tx in search_transactions(connection, words, limit)
        ]
    if actor.may(Scope.ACCESS_WRITE):
        for person in search_people(connection, words, limit):
            texts = (person.login, person.name)
            hits.append(Hit(HitKind.PERSON, person.id, person.name, person.login, texts=texts))
    return sorted(hits, key=lambda hit: (rank(words, hit.texts), _ORDER.index(hit.kind)))


def rank(words: str, texts: Sequence[str]) -> int:
    """0: it is just that. 1: its first text begins so. 2: another does. 3: a word of one begins so. 4: it is in there
    somewhere."""
    said = words.strip().lower()
    lower = [text.lower() for text in texts]
    if said in lower:
        return 0
    if lower and lower[0].startswith(said):
        return 1
    if any(text.startswith(said) for text in lower):
        return 2
    if any(word.startswith(said) for text in lower for word in text.split()):
        return 3
    return 4
