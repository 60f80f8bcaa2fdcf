"""Routes of images."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request

from voltloom.features.api import After, Limit, Page, cursor, length_of, pieces_of, position
from voltloom.features.firmware import images, store
from voltloom.features.firmware.documents import ImageIn, ImageOut
from voltloom.features.firmware.images import FirmwareConfig
from voltloom.features.stations.api.shared import DangerousWrite, Read

ImageId = Annotated[str, Path(max_length=32)]
CONTENT = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def add_routes(routes: APIRouter, config: FirmwareConfig) -> None:
    @routes.get("/firmware/images", summary="Firmware images, the latest first")
    async def list_images(call: Read, limit: Limit = 100, after: After = None) -> Page[ImageOut]:
        start = position(after, tuple[datetime, str])
        found = await call.database.read(lambda connection: store.find_images(connection, start, limit + 1))
        more = cursor(found[limit - 1].created_at, found[limit - 1].id) if len(found) > limit else None
        return Page(items=[ImageOut.of(image) for image in found[:limit]], next=more)

    @routes.get("/firmware/images/{image_id}", summary="A firmware image")
    async def get_image(image_id: ImageId, call: Read) -> ImageOut:
        return ImageOut.of(await images.get_image(call.database, image_id))

    @routes.post("/firmware/images", summary="Register a firmware image", status_code=201)
    async def add_image(body: ImageIn, call: DangerousWrite) -> ImageOut:
        """First what it is and who signed it; then its content: `PUT …/content`. A certificate that can sign nothing
        (ended, too weak, not for signing, by nobody who is trusted) is refused here."""
        return ImageOut.of(await images.add_image(call, config, body.image()))

    @routes.put(
        "/firmware/images/{image_id}/content",
        summary="Upload the content of an image",
        openapi_extra=CONTENT,
        responses={413: {"description": "It is larger than an image may be."}},
    )
    async def put_image_content(image_id: ImageId, call: DangerousWrite, request: Request) -> ImageOut:
        """As `application/octet-stream`, at most 1 GiB. It is kept only if the signature is one of this very file."""
        content, length = pieces_of(request), length_of(request)
        return ImageOut.of(await images.take_content(call, config, image_id, content, length))

    @routes.delete("/firmware/images/{image_id}", summary="Delete an image", status_code=204)
    async def remove_image(image_id: ImageId, call: DangerousWrite) -> None:
        """Not while stations are being updated with it."""
        await images.remove_image(call, config, image_id)
