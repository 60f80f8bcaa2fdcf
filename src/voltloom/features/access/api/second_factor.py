"""Routes of one's own second factor."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from voltloom.features.access.api.session import own_session
from voltloom.features.access.api.shared import Secret, access_of, source_of_call
from voltloom.features.access.rules import Person
from voltloom.features.api import Body, Call, signed_in


class ProofIn(Body):
    """That it is the person, and not who found the browser open."""

    password: Secret | None = Field(default=None, description="not needed soon after signing in with a link")
    code: Secret = Field(default="", description="of the second factor, where there is one")


class EnrolmentOut(Body):
    """For an authenticator app: its secret, told this once."""

    secret: str = Field(description="to type, base32")
    uri: str = Field(description="to show as a QR code (otpauth://)")


class CodeIn(Body):
    code: Secret


class RecoveryCodesOut(Body):
    """Each is good once in place of the app's code. They are told this once: print them."""

    recovery_codes: list[str]


async def _prove(request: Request, body: ProofIn, call: Call) -> Person:
    access = access_of(request)
    return await access.prove(own_session(request), body.password, body.code, source_of_call(request), call.now)


class ConfirmedOut(Body):
    fresh_until: datetime | None = Field(description="null: this server never asks for it")


def add_routes(router: APIRouter) -> None:
    tags = ["session"]

    @router.post("/session/confirmation", tags=[*tags], summary="Show that it is me who sits there")
    async def confirm(body: ProofIn, call: Annotated[Call, signed_in()], request: Request) -> ConfirmedOut:
        """For what is answered with the problem `fresh-sign-in-needed`: firmware, certificates, passwords of stations,
        resets of many, raw calls, people and keys. Then send that again."""
        access, source = access_of(request), source_of_call(request)
        session = await access.confirm(call.actor, own_session(request), body.password, body.code, source, call.now)
        return ConfirmedOut(fresh_until=access.fresh_until(session))

    @router.post("/session/second-factor", tags=[*tags], summary="Begin to set up a second factor", status_code=201)
    async def begin_second_factor(body: ProofIn, call: Annotated[Call, signed_in()], request: Request) -> EnrolmentOut:
        """Nothing changes until a code of the app was seen: `PUT /session/second-factor`."""
        person = await _prove(request, body, call)
        enrolment = await access_of(request).factors.begin(call.database, person.id)
        return EnrolmentOut(secret=enrolment.secret, uri=enrolment.uri)

    @router.put("/session/second-factor", tags=[*tags], summary="Show that the app works")
    async def confirm_second_factor(
        body: CodeIn, call: Annotated[Call, signed_in()], request: Request
    ) -> RecoveryCodesOut:
        """From now on its codes are asked for when signing in. Ends all other sessions of this person."""
        session = own_session(request)
        codes = await access_of(request).factors.confirm(
            call.database, call.actor, session.person_id, session.id, body.code, call.now
        )
        return RecoveryCodesOut(recovery_codes=codes)

    @router.post("/session/second-factor/recovery-codes", tags=[*tags], summary="New recovery codes", status_code=201)
    async def renew_recovery_codes(
        body: ProofIn, call: Annotated[Call, signed_in()], request: Request
    ) -> RecoveryCodesOut:
        """The old ones are no longer good."""
        person = await _prove(request, body, call)
        codes = await access_of(request).factors.renew_recovery_codes(call.database, call.actor, person.id, call.now)
        return RecoveryCodesOut(recovery_codes=codes)

    @router.post("/session/second-factor/removal", tags=[*tags], summary="Sign in without it again", status_code=204)
    async def remove_second_factor(body: ProofIn, call: Annotated[Call, signed_in()], request: Request) -> None:
        person = await _prove(request, body, call)
        await access_of(request).factors.remove(call.database, call.actor, person.id, call.now)
