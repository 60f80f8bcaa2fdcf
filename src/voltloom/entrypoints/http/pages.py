"""The few pages made here: signing in and out, and what there is to see. HTML and CSS; no script is needed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from voltloom.domain.errors import Forbidden, NotFound, Throttled, VoltloomError
from voltloom.entrypoints.http.problems import KINDS
from voltloom.entrypoints.http.status import Network
from voltloom.features.access import Access, Scope, SignInRefused
from voltloom.features.access.api import Arrival, cookie_name, drop_session, keep_session, source_of_call
from voltloom.features.access.service import csrf_token

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


def _inside(there: str) -> str:
    """Only a path of ours: after signing in nobody is sent anywhere else."""
    plain = there.startswith("/") and not there.startswith(("//", "/\\")) and there.isprintable()
    return there if plain and "\\" not in there else "/"


def _sign_in_page(link: str, there: str, *, trouble: str = "", login: str = "", status: int = 200) -> HTMLResponse:
    told = f'<p class="trouble" role="alert">{escape(trouble)}</p>' if trouble else ""
    then = f'<input type="hidden" name="next" value="{escape(_inside(there))}">'
    if link:
        return page(
            "Sign in",
            f"""<h1>Sign in with your link</h1>
{told}
<p>This link lets you in once. It is good for 30 minutes.</p>
<form method="post" action="/sign-in">
<input type="hidden" name="link" value="{escape(link)}">{then}
<button>Sign in</button>
</form>""",
            status=status,
        )
    return page(
        "Sign in",
        f"""<h1>Sign in</h1>
{told}
<form method="post" action="/sign-in">
{then}
<label for="login">Name or e-mail</label>
<input id="login" name="login" value="{escape(login)}" autocomplete="username" autocapitalize="none" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>Sign in</button>
</form>
<p class="hint">No password yet, or lost it? On the machine that runs voltloom, <code>voltloom user link NAME</code>
makes a link that lets you in once.</p>""",
        status=status,
    )


async def _form(request: Request) -> Mapping[str, str]:
    """The first value of each field. The body's size is bounded before it comes here."""
    body = (await request.body()).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True, max_num_fields=20).items()}


def _access(request: Request) -> Access:
    return request.app.state.access


async def _signed_in_page(request: Request, network: Network) -> HTMLResponse:
    actor, arrival = request.state.actor, request.state.arrival
    figures = ""
    if actor.may(Scope.STATIONS_READ):
        try:
            now = await network()
        except VoltloomError:
            figures = '<p class="trouble">The network cannot be read at this moment.</p>'
        else:
            rows = (
                ("Stations connected", f"{now.stations_connected} of {now.stations}"),
                ("Transactions running", str(now.transactions_open)),
                ("Power", f"{now.power_w / 1000:.1f} kW"),
                ("Messages a second", f"{now.messages_in_per_s + now.messages_out_per_s:.1f}"),
            )
            cells = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)
            figures = f'<dl class="figures">{cells}</dl>'
    token = request.cookies.get(cookie_name(arrival), "")
    sign_out = (
        f"""<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="{csrf_token(token)}">
<button class="quiet">Sign out</button></form>"""
        if request.state.session is not None
        else ""
    )
    return page(
        "Network",
        f"""<h1>The network</h1>
{figures}
<p>The console comes next. Until then, everything is here:</p>
<ul class="links">
<li><a href="/api/docs">The API, with a form to try each call</a></li>
<li><a href="/api/openapi.json">The API as an OpenAPI document</a></li>
<li><code>voltloom top</code> shows the network live in a terminal</li>
</ul>
<div class="who"><p>You are signed in as <strong>{escape(actor.name)}</strong>.</p>{sign_out}</div>""",
    )


def routes(network: Network) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def landing(request: Request) -> Response:
        if request.state.actor.scopes:
            return await _signed_in_page(request, network)
        return page(
            "Welcome",
            """<h1>A network of charging stations</h1>
<p>voltloom runs it: it talks to the stations, keeps what they say, and shows it to those who may see it.</p>
<p><a class="button" href="/sign-in">Sign in</a></p>
<p class="hint">The server printed a one-time sign-in link when it started. <code>voltloom user link NAME</code> makes
another.</p>""",
        )

    @router.get("/sign-in")
    async def sign_in_page(link: str = "", next: str = "/") -> Response:  # noqa: A002  # the name in the address
        return _sign_in_page(link[:200], next[:500])

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        form = await _form(request)
        arrival: Arrival = request.state.arrival
        link, there, login = form.get("link", ""), form.get("next", "/"), form.get("login", "")
        now, source, access = datetime.now(UTC), source_of_call(request), _access(request)
        try:
            if not (arrival.secure or arrival.local):
                raise Forbidden("signing in takes https here: a password must not cross a network in clear")
            if link:
                signed_in = await access.sign_in_with_link(link, source, now)
            else:
                signed_in = await access.sign_in(login, form.get("password", ""), source, now)
        except (SignInRefused, Throttled, Forbidden) as error:
            wait = f" ({error.retry_after_s:.0f} s)" if isinstance(error, Throttled) else ""
            kind = KINDS[type(error)]
            # A link that is no good leads to the form for a password.
            trouble = f"{error.reason[0].upper()}{error.reason[1:]}{wait}."
            return _sign_in_page("", there, trouble=trouble, login=login[:200], status=kind.status)
        if request.state.session is not None:
            await access.leave(request.state.session)
        response = RedirectResponse(_inside(there), 303)
        keep_session(response, arrival, signed_in)
        return response

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        session, arrival = request.state.session, request.state.arrival
        response = RedirectResponse("/", 303)
        if session is None:
            return response
        if (await _form(request)).get("csrf", "") != csrf_token(request.cookies[cookie_name(arrival)]):
            raise Forbidden("this form is not one of ours")
        await _access(request).sign_out(request.state.actor, session, datetime.now(UTC))
        drop_session(response, arrival)
        return response

    @router.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        if not (STATIC / name).is_file() or "/" in name or name.startswith("."):
            raise NotFound("there is nothing at this path")
        response = await static_files.get_response(name, request.scope)
        response.headers["cache-control"] = "no-cache"
        return response

    return router
