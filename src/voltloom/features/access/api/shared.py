"""What the routes of access share: whence a call came, the cookie of a session, and documents.

`request.state.arrival` (whence the call came) and `request.state.session` are set by the server's `auth.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, StringConstraints

from voltloom.features.access.rules import Person, Role, Standing
from voltloom.features.access.service import Access
from voltloom.features.access.sessions import SignedIn, Source
from voltloom.features.api import Body

# ---- the cookie


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whence a call came, after what trusted proxies say of it.

    secure   over TLS, at least up to the proxy
    local    from this machine itself, by its loopback address and name, through no proxy
    port     of the server, as its socket knows it
    """

    address: str
    secure: bool
    local: bool
    port: int


def cookie_name(arrival: Arrival) -> str:
    """Without TLS a browser takes no `__Host-` cookie; and cookies do not tell ports apart, so the name does."""
    return "__Host-voltloom" if arrival.secure else f"voltloom-{arrival.port}"


def keep_session(response: Response, arrival: Arrival, signed_in: SignedIn) -> None:
    response.set_cookie(
        cookie_name(arrival), signed_in.token, path="/", secure=arrival.secure, httponly=True, samesite="lax"
    )


def drop_session(response: Response, arrival: Arrival) -> None:
    response.delete_cookie(cookie_name(arrival), path="/", secure=arrival.secure, httponly=True, samesite="lax")


def source_of_call(request: Request) -> Source:
    return Source(request.state.arrival.address, request.headers.get("user-agent", ""))


def access_of(request: Request) -> Access:
    return request.app.state.access


# ---- documents

Text200 = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Secret = Annotated[str, StringConstraints(max_length=1000)]


class PersonOut(Body):
    id: str
    login: str
    name: str
    role: Role
    standing: Standing
    has_password: bool = Field(description="false: only a sign-in link lets this person in")
    has_second_factor: bool
    created_at: datetime
    last_sign_in_at: datetime | None
    last_seen_at: datetime | None = Field(description="the last call of a session of theirs, to the minute")
    link_expires_at: datetime | None = Field(
        default=None, description="in lists: until when a link that was made for this person lets them in"
    )

    @staticmethod
    def of(person: Person, link_expires_at: datetime | None = None) -> "PersonOut":
        return PersonOut(
            id=person.id,
            login=person.login,
            name=person.name,
            role=person.role,
            standing=person.standing,
            has_password=bool(person.password_hash),
            has_second_factor=bool(person.totp),
            created_at=person.created_at,
            last_sign_in_at=person.last_sign_in_at,
            last_seen_at=person.last_seen_at,
            link_expires_at=link_expires_at,
        )
