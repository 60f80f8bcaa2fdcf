"""Certificates: our own authority, what our servers show, what stations prove themselves with, and what is revoked.

The gateway uses `StationTrust` (a copy in memory, read by every handshake) and the files that `issue_server` writes.
"""

from voltloom.features.certificates.authority import RENEW_SERVER_EVERY, Authority, Issued, KeyFiles, Kind, read_roots
from voltloom.features.certificates.service import StationKey, StationTrust, issue, make_key, revocation_list, revoke
from voltloom.features.feature import Feature

__all__ = [
    "RENEW_SERVER_EVERY",
    "Authority",
    "Issued",
    "KeyFiles",
    "Kind",
    "StationKey",
    "StationTrust",
    "feature",
    "issue",
    "make_key",
    "read_roots",
    "revocation_list",
    "revoke",
]


def feature(authority: Authority) -> Feature:
    def routes() -> object:
        # A command line that only writes to the database needs no web framework.
        from voltloom.features.certificates.api import router

        return router(authority)

    return Feature(name="certificates", routes=routes)
