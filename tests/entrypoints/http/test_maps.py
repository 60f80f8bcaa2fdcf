import asyncio

import pytest

from voltloom.entrypoints.http import HttpSettings
from voltloom.entrypoints.http.console import policy
from voltloom.entrypoints.http.maps import MapBase, map_base
from voltloom.entrypoints.http.server import API
from voltloom.infra.settings import SettingError


def test_without_a_setting_the_map_is_the_consoles_own():
    assert map_base("") == MapBase("embedded")


@pytest.mark.parametrize(
    ("text", "kind", "origin"),
    [
        ("https://tiles.example/style.json", "style", "https://tiles.example"),
        ("https://tiles.example:8443/{z}/{x}/{y}.png", "tiles", "https://tiles.example:8443"),
        ("https://tiles.example/europe.pmtiles?key=1", "pmtiles", "https://tiles.example"),
    ],
)
def test_an_address_says_what_it_leads_to_and_only_its_origin_is_let_in(text, kind, origin):
    base = map_base(text, "© them", ["https://fonts.example/glyphs/x"])
    assert (base.kind, base.url, base.attribution) == (kind, text, "© them")
    assert base.origins == (origin, "https://fonts.example")


@pytest.mark.parametrize(
    "text",
    [
        "ftp://x/style.json",
        "no-such-file.pmtiles",
        "/etc/hostname",
        "https://",
        "https://a;script-src *",
        "https://*/x",
    ],
)
def test_what_is_no_map_is_said_so(text):
    with pytest.raises(SettingError, match="console_map"):
        map_base(text)


def test_a_file_of_the_operator_is_given_a_piece_at_a_time_to_those_who_are_signed_in(serve_sqlite, tmp_path):
    file = tmp_path / "europe.pmtiles"
    file.write_bytes(bytes(range(256)) * 10)
    settings = HttpSettings(port=0, map_base=map_base(str(file), api=API))

    async def story():
        async with serve_sqlite(settings=settings) as serving, serving.client() as stranger:
            assert (await stranger.get("/api/v1/console/map.pmtiles")).status_code == 401
            async with serving.as_admin() as admin:
                told = (await admin.get("/api/v1/console")).json()["map"]
                assert told["kind"] == "pmtiles"
                piece = await admin.get(told["url"], headers={"range": "bytes=1-3"})
                assert (piece.status_code, piece.content) == (206, b"\x01\x02\x03")

    asyncio.run(story())


def test_the_policy_lets_the_browser_load_tiles_from_there_and_nowhere_else():
    said = policy("n", map_base("https://tiles.example/{z}/{x}/{y}.png").origins)
    assert "img-src 'self' data: blob: https://tiles.example;" in said
    assert "connect-src 'self' https://tiles.example;" in said
    assert said.count("https:") == 2
