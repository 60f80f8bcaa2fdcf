"""The console's pages, as they were built into the package: one page for every address, and the files it is made of.

Nothing of the network is in them: what they show they ask the API for, as whoever is signed in. So they are open.
"""

import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from voltloom.domain.errors import NotFound
from voltloom.entrypoints.http.pages import page

PAGES = Path(__file__).parents[2] / "console_pages"
NONCE = b"CONSOLE_NONCE"
"""What the build writes where the nonce of a response belongs."""
SESSION = b"SESSION_STANDING"
"""And where it says whether anybody is signed in, so that the page need not ask."""
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_PACKED = (("br", ".br"), ("gzip", ".gz"))

NOT_BUILT = """<h1>The console is not built</h1>
<p>In the sources, <code>python tools/build_console.py</code> builds it; the packages have it in them.
The API is here all the same: <a href="/api/docs">/api/docs</a>.</p>"""


def policy(nonce: str, origins: Sequence[str] = ()) -> str:
    """What a browser may load for the console: from here alone, and map tiles from where the operator said.

    Styles that libraries make while they run carry the nonce. Workers and pictures are made of blobs by the map.
    """
    tiles = "".join(f" {origin}" for origin in origins)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            f"img-src 'self' data: blob:{tiles}",
            f"connect-src 'self'{tiles}",
            "font-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


class Console:
    """folder: what `tools/build_console.py` made; looked at with every request, as it may be built anew meanwhile."""

    def __init__(self, folder: Path = PAGES, origins: Sequence[str] = ()) -> None:
        self._folder = folder
        self._origins = tuple(origins)

    def index(self, *, signed_in: bool) -> Response:
        try:
            text = (self._folder / "index.html").read_bytes()
        except OSError:
            return page("Console", NOT_BUILT, status=503)
        nonce = secrets.token_urlsafe(18)
        headers = {"content-security-policy": policy(nonce, self._origins), "cache-control": "no-store"}
        text = text.replace(NONCE, nonce.encode()).replace(SESSION, b"some" if signed_in else b"none")
        return HTMLResponse(text, headers=headers)

    def asset(self, name: str, accepted: str) -> Response:
        """Its name changes with its content, so it may be kept for ever. accepted: the header Accept-Encoding."""
        path = self._folder / "assets" / name
        if not _NAME.fullmatch(name) or path.suffix not in _KINDS or not path.is_file():
            raise NotFound("there is nothing at this path")
        headers = {
            "content-type": _KINDS[path.suffix],
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
        }
        offered = {part.split(";")[0].strip().lower() for part in accepted.split(",") if not part.endswith("q=0")}
        for encoding, suffix in _PACKED:
            packed = path.with_name(f"{name}{suffix}")
            if encoding in offered and packed.is_file():
                return FileResponse(packed, headers={**headers, "content-encoding": encoding})
        return FileResponse(path, headers=headers)


def routes(console: Console) -> APIRouter:
    """Last of all: whatever address no one else has, is a page of the console."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/assets/{name}", methods=["GET", "HEAD"])
    async def asset(name: str, request: Request) -> Response:
        return console.asset(name, request.headers.get("accept-encoding", ""))

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    async def page_of(path: str, request: Request) -> Response:
        # To programs an address that is not there is not there; a browser gets the page, which knows its addresses.
        is_known = path in ("", "sign-in") or "text/html" in request.headers.get("accept", "")
        if path.startswith("api/") or not is_known:
            raise NotFound("there is nothing at this path")
        return console.index(signed_in=request.state.session is not None)

    return router
