"""Charging contracts (ISO 15118, Plug & Charge): vehicles that identify themselves with one, and that get one."""

from voltloom.domain.reports import ContractPresented, EvCertificateAsked
from voltloom.features.certificates import Inquiry
from voltloom.features.contracts.answers import contract_answerer, ev_certificate_answerer
from voltloom.features.contracts.pool import Pool
from voltloom.features.feature import Feature, answer
from voltloom.infra.outbound import Outbound

__all__ = ["Pool", "feature"]


def feature(inquiry: Inquiry | None = None, pool: Pool | None = None) -> Feature:
    """pool: None where no vehicle gets a contract here."""
    return Feature(
        name="contracts",
        answers=(
            answer(ContractPresented, contract_answerer(inquiry or Inquiry(Outbound()))),
            answer(EvCertificateAsked, ev_certificate_answerer(pool)),
        ),
    )
