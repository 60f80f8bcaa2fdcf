from datetime import UTC, datetime, timedelta

import pytest

from voltloom.domain.errors import Conflict, Forbidden, Invalid
from voltloom.domain.ids import PersonId
from voltloom.features.access.rules import (
    SESSION_IDLE,
    SESSION_LIFE,
    Actor,
    Link,
    Person,
    Role,
    Scope,
    Session,
    Standing,
    keep_an_admin,
    login_of,
    may_grant,
    scopes_of,
)

NOON = datetime(2030, 5, 1, 12, 0, tzinfo=UTC)


def session(**changes):
    values = {"by": "password", "created_at": NOON, "last_seen_at": NOON, "address": "", "agent": "", **changes}
    return Session(id="s", token_hash="h", person_id=PersonId("p"), **values)


@pytest.mark.parametrize("login", ["anna", "Anna@Example.com ", "a.b+c@x-y.org", "operator_2"])
def test_a_login_is_a_name_or_an_address(login):
    assert login_of(login) == login.strip().lower()


@pytest.mark.parametrize(
    "login", ["", "anna karenina", "a@b@c", "<script>", "a" * 65, "anna\n", "@x", "a@" + "b." * 99]
)
def test_what_is_neither_is_refused(login):
    if login == "anna\n":
        assert login_of(login) == "anna"
        return
    with pytest.raises(Invalid):
        login_of(login)


def test_a_viewer_changes_nothing_and_only_an_admin_decides_who_may():
    assert not {scope for scope in Role.VIEWER.scopes if not scope.value.endswith(":read")}
    assert {role for role in Role if Scope.ACCESS_WRITE in role.scopes} == {Role.ADMIN}
    assert Role.VIEWER.scopes < Role.TECHNICIAN.scopes < Role.ADMIN.scopes
    assert Role.VIEWER.scopes < Role.OPERATOR.scopes < Role.ADMIN.scopes


def test_nobody_gives_away_more_than_they_have():
    technician = Actor("api_key", "k", "robot", Role.TECHNICIAN.scopes)
    may_grant(technician, Role.VIEWER.scopes)
    with pytest.raises(Forbidden, match="access:write"):
        may_grant(technician, Role.ADMIN.scopes)


def test_a_key_may_what_its_grants_name():
    assert scopes_of(["*"]) == frozenset(Scope)
    assert scopes_of(["viewer", "stations:command"]) == Role.VIEWER.scopes | {Scope.STATIONS_COMMAND}
    with pytest.raises(Invalid, match="king"):
        scopes_of(["king"])


def test_the_last_admin_stays_one():
    person = Person(PersonId("p"), "anna", "Anna", Role.ADMIN, Standing.ACTIVE, "", NOON)
    keep_an_admin(person, [PersonId("p"), PersonId("q")])
    keep_an_admin(person, [PersonId("q")])
    with pytest.raises(Conflict, match="only admin"):
        keep_an_admin(person, [PersonId("p")])


def test_a_link_is_good_once_and_for_half_an_hour():
    link = Link("h", None, NOON + timedelta(minutes=30), None)
    assert link.is_good(NOON + timedelta(minutes=29, seconds=59))
    assert not link.is_good(NOON + timedelta(minutes=30))
    assert not Link("h", None, NOON + timedelta(minutes=30), NOON).is_good(NOON)


def test_a_session_ends_when_idle_and_in_any_case_after_its_life():
    assert session().is_good(NOON + SESSION_IDLE - timedelta(seconds=1))
    assert not session().is_good(NOON + SESSION_IDLE)
    late = NOON + SESSION_LIFE
    assert session(last_seen_at=late - timedelta(minutes=1)).is_good(late - timedelta(seconds=1))
    assert not session(last_seen_at=late - timedelta(minutes=1)).is_good(late)


def test_only_who_came_by_a_link_may_choose_a_password_without_the_old_one():
    assert session(by="link").may_choose_password(NOON + timedelta(minutes=29))
    assert not session(by="link").may_choose_password(NOON + timedelta(minutes=30))
    assert not session(by="password").may_choose_password(NOON)
