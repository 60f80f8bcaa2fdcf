import pytest

from voltloom.domain.certificate import CertificateState, ContractVerdict
from voltloom.domain.token import Authorization, AuthorizationStatus
from voltloom.features.contracts.rules import refused, together, verdict_of

GOOD, BAD, LOST = CertificateState.GOOD, CertificateState.REVOKED, CertificateState.FAILED


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([GOOD, GOOD], ContractVerdict.ACCEPTED),
        ([GOOD, BAD, LOST], ContractVerdict.REVOKED),
        ([GOOD, LOST], ContractVerdict.CHAIN_ERROR),
        ([GOOD, CertificateState.UNKNOWN], ContractVerdict.CHAIN_ERROR),
        ([], ContractVerdict.CHAIN_ERROR),
    ],
)
def test_one_bad_certificate_spoils_a_chain(states, verdict):
    assert verdict_of(states) is verdict


@pytest.mark.parametrize("status", AuthorizationStatus)
def test_a_good_certificate_leaves_the_word_to_the_token(status):
    reply = together(ContractVerdict.ACCEPTED, Authorization(status))
    assert reply.authorization.status is status
    over = status.value in ("Blocked", "Expired", "Invalid", "Unknown")
    assert reply.verdict is (ContractVerdict.CANCELLED if over else ContractVerdict.ACCEPTED)


@pytest.mark.parametrize("verdict", [each for each in ContractVerdict if each is not ContractVerdict.ACCEPTED])
def test_no_token_makes_up_for_a_bad_certificate(verdict):
    reply = together(verdict, Authorization(AuthorizationStatus.ACCEPTED))
    assert reply == refused(verdict)
    assert not reply.authorization.accepted
    expected = AuthorizationStatus.EXPIRED if verdict is ContractVerdict.EXPIRED else AuthorizationStatus.INVALID
    assert reply.authorization.status is expected
