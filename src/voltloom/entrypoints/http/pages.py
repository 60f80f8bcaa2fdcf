"""The frame of the pages made here: the API's documentation, and what is said where there is no console."""

from html import escape
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from voltloom.domain.errors import NotFound

STATIC = Path(__file__).parent / "static"

static_files = StaticFiles(directory=STATIC)


def page(title: str, body: str, *, status: int = 200, script: str = "", wide: bool = False) -> HTMLResponse:
    """body is HTML: whatever came from outside must have gone through `escape`."""
    scripts = f'<script src="/static/{script}" defer></script>' if script else ""
    return HTMLResponse(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · voltloom</title>
<link rel="icon" href="/static/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/style.css">
{scripts}
</head>
<body{' class="wide"' if wide else ""}>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="home" href="/"><img src="/static/mark.svg" alt="" width="28" height="28">voltloom</a>
</header>
<main id="main" tabindex="-1">
{body}
</main>
</body>
</html>
""",
        status,
    )


def routes() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        if not (STATIC / name).is_file() or "/" in name or name.startswith("."):
            raise NotFound("there is nothing at this path")
        response = await static_files.get_response(name, request.scope)
        response.headers["cache-control"] = "no-cache"
        return response

    return router
