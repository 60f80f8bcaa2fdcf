"""Authorization: which tokens may charge, the groups they form, and the answer a station gets in real time.

`answers` decides from memory where it can; whoever starts a node has the journal followed by `follower(database)`, so
that what changes on one node is forgotten on all.
"""

from voltloom.domain.reports import AuthorizationReported
from voltloom.features.authorization.answers import (
    answer_authorization,
    authorize,
    authorize_stop,
    begin_use,
    end_use,
    prepaid_of,
    station_tokens,
)
from voltloom.features.authorization.cache import FOLLOWED, follower
from voltloom.features.authorization.rules import Credit, Group, Known, Token, TokenState, standing
from voltloom.features.authorization.service import (
    add_token,
    credit_left,
    import_tokens,
    read_csv,
    release,
    spend,
    vouch,
)
from voltloom.features.authorization.store import Selected, find_tokens, group_ids, select_tokens
from voltloom.features.feature import Feature, answer

__all__ = [
    "FOLLOWED",
    "Credit",
    "Group",
    "Known",
    "Selected",
    "Token",
    "TokenState",
    "add_token",
    "answer_authorization",
    "authorize",
    "authorize_stop",
    "begin_use",
    "credit_left",
    "end_use",
    "feature",
    "find_tokens",
    "follower",
    "group_ids",
    "import_tokens",
    "prepaid_of",
    "read_csv",
    "release",
    "select_tokens",
    "spend",
    "standing",
    "vouch",
]


def _routes() -> object:
    # A command line that only writes to the database needs no web framework.
    from voltloom.features.authorization.api import router

    return router()


feature = Feature(
    name="authorization",
    answers=(answer(AuthorizationReported, answer_authorization),),
    memories=(station_tokens,),
    routes=_routes,
)
