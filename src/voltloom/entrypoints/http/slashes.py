"""Slashes within a part of an address: `/transactions/CP1/a%2Fb` is the transaction `a/b`, not a place below `a`.

HTTP servers give addresses unquoted, in which the two cannot be told apart; RFC 3986 §2.2 has them differ. Here such a
slash is another character until a route has taken the address apart.
"""

import re
from urllib.parse import unquote

from starlette.convertors import PathConvertor, StringConvertor, register_url_convertor
from starlette.types import ASGIApp, Receive, Scope, Send

_WITHIN = "\udc2f"
"""Half of a surrogate pair: no unquoted address holds one."""
_QUOTED = re.compile("%2f", re.IGNORECASE)


class Slashes:
    """Outside of whatever looks at the path: who is asked whether a call may pass, and who serves it, must see the
    same."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope["raw_path"].decode("ascii")
        if _QUOTED.search(raw) is not None:
            scope["path"] = _WITHIN.join(unquote(part) for part in _QUOTED.split(raw))
        await self._app(scope, receive, send)


class _Part(StringConvertor):
    def convert(self, value: str) -> str:
        return value.replace(_WITHIN, "/")


class _Rest(PathConvertor):
    def convert(self, value: str) -> str:
        return value.replace(_WITHIN, "/")


def give_routes_their_slashes() -> None:
    """To those that are made from now on."""
    register_url_convertor("str", _Part())
    register_url_convertor("path", _Rest())
