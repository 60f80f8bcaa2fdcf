import asyncio
import gzip
import re

import pytest

from voltloom.entrypoints.http import HttpSettings

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def pages(tmp_path):
    """As a build leaves them: an index with places for the nonce, and files, some of them packed."""
    folder = tmp_path / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(
        '<meta property="csp-nonce" nonce="CONSOLE_NONCE"><script src="/assets/index-a1.js" nonce="CONSOLE_NONCE">'
    )
    (folder / "assets" / "index-a1.js").write_text("alert" * 500)
    (folder / "assets" / "index-a1.js.gz").write_bytes(gzip.compress(b"alert" * 500))
    (folder / "assets" / "secret.pem").write_text("no page")
    (tmp_path / "outside.js").write_text("outside")
    return HttpSettings(port=0, pages=folder)


def test_every_address_that_is_not_the_apis_is_the_console_to_a_browser(serve_sqlite, pages):
    async def story():
        async with serve_sqlite(settings=pages) as serving, serving.client(**BROWSER) as browser:
            for path in ("/", "/sign-in?link=x", "/stations/A%2FB%20C", "/stations/a.b/messages", "/nothing"):
                answer = await browser.get(path)
                assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
                assert answer.headers["content-type"].startswith("text/html")
            assert (await browser.head("/stations")).status_code == 200
            for path in ("/api/nothing", "/assets/nothing.js", "/static/nothing.js"):
                assert (await browser.get(path)).status_code in (303, 404), path
            assert (await browser.post("/stations")).status_code in (401, 405)

    asyncio.run(story())


def test_the_page_names_a_fresh_nonce_and_lets_in_nothing_else(serve_sqlite, pages):
    async def story():
        async with serve_sqlite(settings=pages) as serving, serving.client(**BROWSER) as browser:
            nonces = set()
            for _ in range(3):
                answer = await browser.get("/")
                policy = answer.headers["content-security-policy"]
                (nonce,) = re.findall(r"'nonce-([\w-]+)'", policy)
                assert answer.text.count(f'nonce="{nonce}"') == 2
                assert "CONSOLE_NONCE" not in answer.text
                assert "script-src 'self';" in policy
                assert "unsafe" not in policy
                assert "http" not in policy
                nonces.add(nonce)
            assert len(nonces) == 3

    asyncio.run(story())


def test_files_are_kept_for_ever_and_come_packed_to_those_who_can_unpack(serve_sqlite, pages):
    async def story():
        async with serve_sqlite(settings=pages) as serving, serving.client() as browser:
            packed = await browser.get("/assets/index-a1.js", headers={"accept-encoding": "gzip, br"})
            assert packed.headers["content-encoding"] == "gzip"
            assert packed.text == "alert" * 500
            assert int(packed.headers["content-length"]) < 500
            assert "immutable" in packed.headers["cache-control"]
            assert packed.headers["vary"] == "accept-encoding"
            for refused in ("identity", "gzip;q=0", ""):
                plain = await browser.get("/assets/index-a1.js", headers={"accept-encoding": refused})
                assert "content-encoding" not in plain.headers
                assert plain.headers["content-type"].startswith("text/javascript")

    asyncio.run(story())


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2foutside.js", "%2e%2e%2foutside.js", "secret.pem", "index-a1.js.gz", ".js", "a%00.js", "x" * 5000],
)
def test_nothing_but_the_pages_files_is_given(serve_sqlite, pages, name):
    async def story():
        async with serve_sqlite(settings=pages) as serving, serving.client() as browser:
            assert (await browser.get(f"/assets/{name}")).status_code in (404, 422)

    asyncio.run(story())


def test_where_the_pages_are_not_built_a_sentence_says_what_to_do(serve_sqlite, tmp_path):
    async def story():
        settings = HttpSettings(port=0, pages=tmp_path / "none")
        async with serve_sqlite(settings=settings) as serving, serving.client(**BROWSER) as browser:
            answer = await browser.get("/")
            assert answer.status_code == 503
            assert "build_console.py" in answer.text

    asyncio.run(story())
