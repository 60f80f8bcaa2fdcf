"""The operator's own TLS certificates."""

import asyncio
import shutil
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voltloom.app import shown
from voltloom.app.node import Node
from voltloom.entrypoints.gateway.tls import ServerFiles, make_https_context
from voltloom.features.certificates import Authority
from voltloom.infra.settings import SettingError, load_settings


def issue(folder: Path, authority: Authority, *names: str) -> tuple[str, str]:
    pair = authority.issue_server(names, datetime.now(UTC))[0]
    folder.mkdir(exist_ok=True)
    return str(shutil.copy(pair.chain, folder / "chain.pem")), str(shutil.copy(pair.key, folder / "key.pem"))


def make_authority(folder: Path) -> Authority:
    return Authority.open(folder, "Elsewhere", datetime.now(UTC))


async def names_shown(port: int, roots: str) -> set[str]:
    context = ssl.create_default_context(cadata=roots)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="csms.example")
    found = writer.get_extra_info("peercert")
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return {name for kind, name in found["subjectAltName"] if kind == "DNS"}


def test_stations_and_browsers_are_shown_the_operators_certificate(tmp_path):
    elsewhere = make_authority(tmp_path / "elsewhere")
    chain, key = issue(tmp_path / "shown", elsewhere, "csms.example")
    given = {"tls_certificate": chain, "tls_key": key, "https_certificate": chain, "https_key": key}
    ports = {"ocpp_port": 0, "ocpps_port": 0, "http_port": 0}
    settings = load_settings({"data_dir": tmp_path / "data", "drain_s": 0, **given, **ports}, {})

    async def story() -> None:
        node = await Node.start(settings)
        try:
            assert await names_shown(node.stations_tls_address[1], elsewhere.roots_pem) == {"csms.example"}
            assert node.http.url.startswith("https://")
            assert await names_shown(node.http.port, elsewhere.roots_pem) == {"csms.example"}
        finally:
            await node.stop()

    asyncio.run(story())


def test_a_certificate_that_changes_is_shown_from_then_on_and_a_broken_one_is_not(tmp_path):
    elsewhere = make_authority(tmp_path / "elsewhere")
    chain, key = issue(tmp_path / "shown", elsewhere, "csms.example")
    files = ServerFiles(Path(chain), Path(key))

    async def story() -> None:
        context = make_https_context(files)
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        keeping = asyncio.create_task(shown.keep(context, files, every_s=0.02))
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            issue(tmp_path / "shown", elsewhere, "csms.example", "new.example")
            while "new.example" not in await names_shown(port, elsewhere.roots_pem):
                pass
            Path(key).write_text("not a key")
            for _ in range(5):
                await asyncio.sleep(0.02)
                assert "new.example" in await names_shown(port, elsewhere.roots_pem)
        assert not keeping.done()
        keeping.cancel()
        server.close()
        await server.wait_closed()

    asyncio.run(story())


def test_files_that_cannot_be_used_are_named_at_the_start(tmp_path):
    given = {f"{name}_{part}": f"/nowhere.{part}" for name in ("tls", "https") for part in ("certificate", "key")}
    settings = load_settings({"data_dir": tmp_path, **given}, {})
    with pytest.raises(SettingError, match=r"/nowhere\.certificate"):
        shown.for_stations(settings, make_authority(tmp_path / "ca"))
    with pytest.raises(SettingError, match=r"/nowhere\.certificate"):
        shown.for_browsers(settings)


def test_a_certificate_without_its_key_is_refused(tmp_path):
    with pytest.raises(SettingError, match="belong together"):
        load_settings({"data_dir": tmp_path, "tls_certificate": "x"}, {})


def test_further_authorities_may_vouch_for_stations(tmp_path):
    (tmp_path / "roots.pem").write_text(make_authority(tmp_path / "elsewhere").roots_pem)
    settings = load_settings({"data_dir": tmp_path, "station_roots": str(tmp_path / "roots.pem")}, {})
    context = shown.for_stations(settings, make_authority(tmp_path / "ca"))
    assert len(context.get_ca_certs()) == 4
