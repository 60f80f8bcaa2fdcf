"""Networks, people, roles, sign-in, API keys, audit log: who may do what, and who did."""

from dataclasses import replace
from datetime import timedelta

from voltloom.features.access.api_keys import add_api_key, revoke_api_key
from voltloom.features.access.audit import Entry, Verdict, list_entries, note, verify
from voltloom.features.access.checkpoints import EVERY as CHECKPOINT_EVERY
from voltloom.features.access.checkpoints import Signer, check_checkpoints, checkpointer
from voltloom.features.access.local_key import (
    LOCAL,
    LocalKey,
    new_local_token,
    read_local_key,
    remove_local_key,
    write_local_key,
)
from voltloom.features.access.passwords import Passwords
from voltloom.features.access.people import add_person, change_person, first_link, make_link, remove_person
from voltloom.features.access.personal import Preferences
from voltloom.features.access.rules import (
    Actor,
    ApiKey,
    FreshSignInNeeded,
    Person,
    Role,
    Scope,
    SecondFactorNeeded,
    Session,
    SignInRefused,
    Standing,
)
from voltloom.features.access.second_factor import SecondFactors, reset_second_factor
from voltloom.features.access.service import Access, Recognised
from voltloom.features.access.sessions import Source, tidy
from voltloom.features.access.store import list_api_keys, list_people, search_people
from voltloom.features.access.throttle import Throttle, source_of
from voltloom.features.feature import Feature, every

__all__ = [
    "LOCAL",
    "Access",
    "Actor",
    "ApiKey",
    "Entry",
    "FreshSignInNeeded",
    "LocalKey",
    "Passwords",
    "Person",
    "Preferences",
    "Recognised",
    "Role",
    "Scope",
    "SecondFactorNeeded",
    "SecondFactors",
    "Session",
    "SignInRefused",
    "Signer",
    "Source",
    "Standing",
    "Throttle",
    "Verdict",
    "add_api_key",
    "add_person",
    "change_person",
    "check_checkpoints",
    "feature",
    "feature_with_checkpoints",
    "first_link",
    "list_api_keys",
    "list_entries",
    "list_people",
    "make_link",
    "new_local_token",
    "note",
    "read_local_key",
    "remove_local_key",
    "remove_person",
    "reset_second_factor",
    "revoke_api_key",
    "search_people",
    "source_of",
    "verify",
    "write_local_key",
]


def _routes() -> object:
    # Imported only when a server starts: the routes stand on `features/api.py`, which stands on this package.
    from voltloom.features.access import api

    return api.routes()


feature = Feature(name="access", tasks=(every(timedelta(hours=1), tidy),), routes=_routes)


def feature_with_checkpoints(signer: Signer) -> Feature:
    """As a server runs it."""
    return replace(feature, tasks=(*feature.tasks, every(CHECKPOINT_EVERY, checkpointer(signer))))
