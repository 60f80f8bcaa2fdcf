"""The few pages made here: signing in and out, and what there is to see. HTML and CSS; no script is needed."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from voltloom.domain.errors import Conflict, Forbidden, Invalid, NotFound, Throttled, VoltloomError
from voltloom.entrypoints.http.problems import KINDS
from voltloom.entrypoints.http.status import Network
from voltloom.features.access import Access, Actor, Scope, SignInRefused
from voltloom.features.access.api import Arrival, cookie_name, drop_session, keep_session, source_of_call
from voltloom.features.access.rules import Session
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


def _csrf_field(request: Request) -> str:
    token = request.cookies.get(cookie_name(request.state.arrival), "")
    return f'<input type="hidden" name="csrf" value="{csrf_token(token)}">'


def _insist_on_our_form(request: Request, form: Mapping[str, str]) -> None:
    expected = csrf_token(request.cookies[cookie_name(request.state.arrival)])
    if not hmac.compare_digest(form.get("csrf", "").encode(), expected.encode()):
        raise Forbidden("this form is not one of ours")


def _password_page(request: Request, *, trouble: str = "", status: int = 200) -> HTMLResponse:
    session: Session = request.state.session
    told = f'<p class="trouble" role="alert">{escape(trouble)}</p>' if trouble else ""
    # Who came with a link just now need not know the old one.
    old = (
        ""
        if session.may_choose_password(datetime.now(UTC))
        else """<label for="old">Old password</label>
<input id="old" name="old" type="password" autocomplete="current-password" required>"""
    )
    return page(
        "Password",
        f"""<h1>Choose a password</h1>
{told}
<form method="post" action="/password">{_csrf_field(request)}
{old}
<label for="new">New password</label>
<input id="new" name="new" type="password" autocomplete="new-password" minlength="15" required aria-describedby="rule">
<p class="hint" id="rule">15 characters or more: a few words that do not belong together are good.</p>
<button>Keep it</button>
</form>
<p class="hint">Your other sessions end.</p>""",
        status=status,
    )


FIRST_STATION = """<p>No station yet.
<code>voltloom station add ID</code> prints the address and the password to enter in it.
One that is set to our address already, and was not let in, waits in the inbox: <code>voltloom inbox list</code>.</p>"""


async def _signed_in_page(request: Request, network: Network) -> HTMLResponse:
    actor: Actor = request.state.actor
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
            if not now.stations:
                figures += FIRST_STATION
    own = (
        f"""<p><a href="/password">Choose a password</a></p>
<form method="post" action="/sign-out">{_csrf_field(request)}<button class="quiet">Sign out</button></form>"""
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
<div class="who"><p>You are signed in as <strong>{escape(actor.name)}</strong>.</p>{own}</div>""",
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
        _insist_on_our_form(request, await _form(request))
        await _access(request).sign_out(request.state.actor, session, datetime.now(UTC))
        drop_session(response, arrival)
        return response

    @router.get("/password")
    async def password_page(request: Request) -> Response:
        if request.state.session is None:
            raise Conflict("this call came with a key, not with a session")
        return _password_page(request)

    @router.post("/password")
    async def choose_password(request: Request) -> Response:
        session, form = request.state.session, await _form(request)
        if session is None:
            raise Conflict("this call came with a key, not with a session")
        _insist_on_our_form(request, form)
        try:
            if not (request.state.arrival.secure or request.state.arrival.local):
                raise Forbidden("choosing one takes https here: a password must not cross a network in clear")
            await _access(request).change_password(
                request.state.actor,
                session,
                form.get("old"),
                form.get("new", ""),
                source_of_call(request),
                datetime.now(UTC),
            )
        except (Invalid, Forbidden, Throttled) as error:
            reason = f"{error.reason[0].upper()}{error.reason[1:]}."
            return _password_page(request, trouble=reason, status=KINDS[type(error)].status)
        return RedirectResponse("/", 303)

    @router.get("/static/{name}")
    async def static(name: str, request: Request) -> Response:
        if not (STATIC / name).is_file() or "/" in name or name.startswith("."):
            raise NotFound("there is nothing at this path")
        response = await static_files.get_response(name, request.scope)
        response.headers["cache-control"] = "no-cache"
        return response

    return router
