"""What the console's map stands on: Natural Earth, which is in its pages, or what the operator has set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import Field

from voltloom.domain.errors import NotFound
from voltloom.features.api import Body, Call, signed_in
from voltloom.infra.settings import SettingError

ARCHIVE = "/console/map.pmtiles"
_LOCAL = "a .pmtiles file that can be read"


@dataclass(frozen=True, slots=True)
class MapBase:
    """url: as the browser asks for it. file: what is given at ARCHIVE. origins: from where the browser may load it."""

    kind: Literal["embedded", "style", "tiles", "pmtiles"] = "embedded"
    url: str = ""
    attribution: str = ""
    file: Path | None = None
    origins: tuple[str, ...] = ()


def map_base(text: str, attribution: str = "", more_origins: Sequence[str] = (), *, api: str = "") -> MapBase:
    """What the setting `console_map` means. Raises SettingError."""
    if not text:
        return MapBase()
    if not text.startswith(("http://", "https://")):
        file = Path(text).expanduser()
        if file.suffix != ".pmtiles" or not file.is_file():
            raise _no_map(text)
        return MapBase("pmtiles", f"{api}{ARCHIVE}", attribution, file)
    origins = tuple(dict.fromkeys(_origin(each) for each in (text, *more_origins)))
    kind = "tiles" if "{z}" in text else "pmtiles" if urlsplit(text).path.endswith(".pmtiles") else "style"
    return MapBase(kind, text, attribution, None, origins)


def _origin(text: str) -> str:
    """Only what may stand in a content security policy: no path, nothing that would end it and begin another."""
    parts = urlsplit(text)
    plain = parts.hostname is not None and all(each.isalnum() or each in "-.:[]" for each in parts.netloc)
    if parts.scheme not in ("http", "https") or not plain:
        raise _no_map(text)
    return f"{parts.scheme}://{parts.netloc}"


def _no_map(text: str) -> SettingError:
    return SettingError(
        f"The setting `console_map` or `console_map_origins` holds {text!r}, which is no map: give the address of a "
        f"MapLibre style, an address of tiles with {{z}}, {{x}} and {{y}}, or {_LOCAL}."
    )


class MapOut(Body):
    kind: Literal["embedded", "style", "tiles", "pmtiles"]
    url: str
    attribution: str


class ConsoleOut(Body):
    map: MapOut = Field(description="embedded: Natural Earth, which is in the console's pages")


def routes(base: MapBase) -> APIRouter:
    router = APIRouter(tags=["console"])

    @router.get("/console", summary="What the console's pages need to know")
    async def console(call: Annotated[Call, signed_in()]) -> ConsoleOut:
        return ConsoleOut(map=MapOut(kind=base.kind, url=base.url, attribution=base.attribution))

    @router.get(ARCHIVE, summary="The operator's map, a piece at a time", response_class=FileResponse)
    async def archive(call: Annotated[Call, signed_in()]) -> FileResponse:
        """Takes `Range`."""
        if base.file is None:
            raise NotFound("the setting `console_map` names no file")
        return FileResponse(base.file, media_type="application/octet-stream", headers={"cache-control": "private"})

    return router
