"""Where stations fetch images: open to whoever holds an address that was made for one of them, while it lasts."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse

from voltloom.features.firmware.images import FirmwareConfig, open_content

Ticket = Annotated[str, Path(max_length=100)]


def router(config: FirmwareConfig) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.api_route("/files/firmware/{ticket}/{name}", methods=["GET", "HEAD"])
    async def fetch_image(ticket: Ticket, name: str, request: Request) -> FileResponse:
        """Ranges are answered: stations resume. The name is for the station alone, which may read the version in it."""
        path, image = await open_content(request.app.state.database, config, ticket, datetime.now(UTC))
        headers = {"x-content-type-options": "nosniff", "cache-control": "private, no-store"}
        return FileResponse(path, media_type="application/octet-stream", headers=headers, filename=image.file_name)

    return routes
