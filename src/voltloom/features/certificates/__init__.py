"""Certificates: our own authority, what our servers show, what stations prove themselves with, and what is revoked.

Stations ask to have their keys signed (`requests`), are asked to renew in time (`renewals`), are told whom to trust
(`trust`), and get answers about certificates of others (`inquiry`). The gateway uses `StationTrust` (a copy in memory,
read by every handshake) and the files that `issue_server` writes.
"""

from datetime import timedelta

from voltloom.domain.events import CertificateRequestChanged
from voltloom.domain.reports import CertificateRequested, ChainStatusAsked, OcspAsked
from voltloom.features.certificates.answers import TOO_MANY, budget, chain_answerer, status_answerer
from voltloom.features.certificates.authority import RENEW_SERVER_EVERY, Authority, Issued, KeyFiles, Kind, read_roots
from voltloom.features.certificates.chains import common_name, find_path, responder_of, same_emaid
from voltloom.features.certificates.hashes import hash_of, is_issuer
from voltloom.features.certificates.inquiry import Inquiry, is_base64
from voltloom.features.certificates.renewals import renewer
from voltloom.features.certificates.requests import answer_request, deliverer, due_deliverer, prune_requests
from voltloom.features.certificates.revocation import NoWord, Word
from voltloom.features.certificates.service import StationKey, StationTrust, issue, make_key, revocation_list, revoke
from voltloom.features.certificates.signing import EstSigner, NotSigned, OwnSigner, Signers, bearer
from voltloom.features.certificates.trust import read_trusted
from voltloom.features.feature import Feature, answer, every, listen
from voltloom.infra.outbound import Outbound

__all__ = [
    "RENEW_SERVER_EVERY",
    "TOO_MANY",
    "Authority",
    "EstSigner",
    "Inquiry",
    "Issued",
    "KeyFiles",
    "Kind",
    "NoWord",
    "NotSigned",
    "OwnSigner",
    "Signers",
    "StationKey",
    "StationTrust",
    "Word",
    "bearer",
    "budget",
    "common_name",
    "feature",
    "find_path",
    "hash_of",
    "is_base64",
    "is_issuer",
    "issue",
    "make_key",
    "read_roots",
    "read_trusted",
    "responder_of",
    "revocation_list",
    "revoke",
    "same_emaid",
]

RENEW_BEFORE = timedelta(days=30)


def feature(
    authority: Authority,
    signers: Signers | None = None,
    inquiry: Inquiry | None = None,
    renew_before: timedelta = RENEW_BEFORE,
) -> Feature:
    """signers: our own authority for everything, where none are given. inquiry: of the public internet alone."""
    signers = signers or Signers(OwnSigner(authority), OwnSigner(authority))
    inquiry = inquiry or Inquiry(Outbound())

    def routes() -> object:
        # A command line that only writes to the database needs no web framework.
        from voltloom.features.certificates.api import router

        return router(authority, renew_before)

    return Feature(
        name="certificates",
        answers=(
            answer(CertificateRequested, answer_request),
            answer(OcspAsked, status_answerer(inquiry)),
            answer(ChainStatusAsked, chain_answerer(inquiry)),
        ),
        listens=(listen(CertificateRequestChanged, deliverer(signers)),),
        tasks=(
            every(timedelta(seconds=10), due_deliverer(signers)),
            every(timedelta(hours=1), renewer(renew_before)),
            every(timedelta(hours=12), prune_requests),
        ),
        memories=(budget,),
        routes=routes,
    )
