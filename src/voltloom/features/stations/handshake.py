"""A station's attempt to connect, step by step: how far it came, and what to do about the step that failed. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from voltloom.domain.station import Registration
from voltloom.features.stations.inbox import KnockReason


class Step(Enum):
    """In the order in which they happen."""

    TCP = "tcp"
    TLS = "tls"
    PATH = "path"
    REQUEST = "request"
    IDENTITY = "identity"
    CREDENTIALS = "credentials"
    ENABLED = "enabled"
    SUBPROTOCOL = "subprotocol"
    BOOT = "boot"


class Outcome(Enum):
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It is not part of this attempt: there is no TLS on a plain address."""
    PENDING = "pending"
    """It did not come that far, or not yet."""


@dataclass(frozen=True, slots=True)
class StepTaken:
    """told: what was heard there, or what to do; "" where there is nothing to say."""

    step: Step
    outcome: Outcome
    told: str = ""


_FAILED_AT = {
    KnockReason.TLS_FAILURE: Step.TLS,
    KnockReason.WRONG_PATH: Step.PATH,
    KnockReason.BAD_REQUEST: Step.REQUEST,
    KnockReason.THROTTLED: Step.IDENTITY,
    KnockReason.UNKNOWN_ID: Step.IDENTITY,
    KnockReason.WRONG_PASSWORD: Step.CREDENTIALS,
    KnockReason.NO_PASSWORD: Step.CREDENTIALS,
    KnockReason.PROFILE_TOO_LOW: Step.CREDENTIALS,
    KnockReason.WRONG_CERTIFICATE: Step.CREDENTIALS,
    KnockReason.EXPIRED_CERTIFICATE: Step.CREDENTIALS,
    KnockReason.NO_CERTIFICATE: Step.CREDENTIALS,
    KnockReason.IDENTITY_MISMATCH: Step.CREDENTIALS,
    KnockReason.DISABLED: Step.ENABLED,
    KnockReason.NO_SUBPROTOCOL: Step.SUBPROTOCOL,
    KnockReason.SUBPROTOCOL_NOT_ALLOWED: Step.SUBPROTOCOL,
}
_STEPS = list(Step)


def steps_of_refusal(reason: KnockReason, tls: str, path: str, subprotocols: str, detail: str) -> tuple[StepTaken, ...]:
    """How far an attempt came that was refused for this reason."""
    failed = _FAILED_AT[reason]
    heard = {Step.TLS: tls, Step.PATH: path, Step.SUBPROTOCOL: subprotocols}
    steps: list[StepTaken] = []
    for step in _STEPS:
        if step is failed:
            told = " ".join(part for part in (reason.sentence, detail) if part)
            steps.append(StepTaken(step, Outcome.FAILED, told))
        elif _STEPS.index(step) > _STEPS.index(failed):
            steps.append(StepTaken(step, Outcome.PENDING))
        elif step is Step.TLS and not tls:
            steps.append(StepTaken(step, Outcome.SKIPPED))
        else:
            steps.append(StepTaken(step, Outcome.OK, heard.get(step, "")))
    return tuple(steps)


def steps_of_admission(
    profile: int, protocol: str, connected_at: datetime, booted_at: datetime | None, registration: str | None
) -> tuple[StepTaken, ...]:
    """Of a connection that was let in. booted_at: of its last boot, which may be of an earlier connection."""
    told = {
        Step.CREDENTIALS: f"security profile {profile}",
        Step.SUBPROTOCOL: protocol,
    }
    steps = [
        StepTaken(step, Outcome.SKIPPED if step is Step.TLS and profile < 2 else Outcome.OK, told.get(step, ""))
        for step in _STEPS
        if step is not Step.BOOT
    ]
    return (*steps, _boot(connected_at, booted_at, registration))


def _boot(connected_at: datetime, booted_at: datetime | None, registration: str | None) -> StepTaken:
    if registration == Registration.REJECTED.value:
        return StepTaken(Step.BOOT, Outcome.FAILED, "It is rejected: set its policy to Accepted to let it charge.")
    if registration == Registration.PENDING.value:
        return StepTaken(
            Step.BOOT, Outcome.FAILED, "It is held as pending: set its policy to Accepted to let it charge."
        )
    if booted_at is not None and booted_at >= connected_at:
        return StepTaken(Step.BOOT, Outcome.OK)
    if booted_at is not None:
        return StepTaken(Step.BOOT, Outcome.OK, "It booted before; a station that reconnects need not boot again.")
    return StepTaken(Step.BOOT, Outcome.PENDING, "It is connected and has not sent its BootNotification yet.")
