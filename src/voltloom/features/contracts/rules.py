"""What a certificate and the token in it come to together. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from typing import Final

from voltloom.domain.certificate import CertificateState, ContractVerdict
from voltloom.domain.reports import ContractReply
from voltloom.domain.token import Authorization, AuthorizationStatus

KEPT: Final = timedelta(days=90)
"""How long it is known what vehicles were given."""


class Outcome(Enum):
    """What came of asking the pool for a vehicle's contract."""

    GIVEN = "given"
    REFUSED = "refused"
    """Nobody was asked: it is no message of a vehicle, or there is no pool."""
    FAILED = "failed"
    """The pool has none, or did not answer as it should."""


_CONTRACT_IS_OVER: Final = frozenset(
    {
        AuthorizationStatus.BLOCKED,
        AuthorizationStatus.EXPIRED,
        AuthorizationStatus.INVALID,
        AuthorizationStatus.UNKNOWN,
    }
)
"""Of a token: no such contract, or none any more. Of others it is a good one that may not charge here and now."""
_STATUSES: Final[Mapping[ContractVerdict, AuthorizationStatus]] = {
    ContractVerdict.EXPIRED: AuthorizationStatus.EXPIRED,
}


def together(verdict: ContractVerdict, token: Authorization) -> ContractReply:
    """token: its own answer; what is wrong with the certificate comes before it.

    OCPP 2.0.1 C07.FR.13, C07.FR.14 and C07.FR.16: a contract that is over is cancelled, however good its certificate;
    a revoked certificate makes the token Invalid.
    """
    if verdict is not ContractVerdict.ACCEPTED:
        return refused(verdict)
    if token.status in _CONTRACT_IS_OVER:
        return ContractReply(token, ContractVerdict.CANCELLED)
    return ContractReply(token, ContractVerdict.ACCEPTED)


def refused(verdict: ContractVerdict, message: str = "") -> ContractReply:
    status = _STATUSES.get(verdict, AuthorizationStatus.INVALID)
    return ContractReply(replace(Authorization(status), message=message[:512]), verdict)


def verdict_of(states: Iterable[CertificateState]) -> ContractVerdict:
    """Of a chain whose certificates were all asked about: one that nobody vouches for spoils it."""
    found = set(states)
    if CertificateState.REVOKED in found:
        return ContractVerdict.REVOKED
    return ContractVerdict.ACCEPTED if found == {CertificateState.GOOD} else ContractVerdict.CHAIN_ERROR
