"""Routes of what stations of a kind are to watch."""

from typing import Annotated

from fastapi import APIRouter, Path

from voltloom.domain.errors import NotFound
from voltloom.features.monitoring import service, store
from voltloom.features.monitoring.documents import TemplateIn, TemplateOut
from voltloom.features.stations.api.shared import Read, Write

TemplateId = Annotated[str, Path(max_length=40)]


def add_routes(routes: APIRouter) -> None:
    @routes.get("/monitor-templates", tags=["monitoring"], summary="What stations of a kind are to watch")
    async def list_templates(call: Read) -> list[TemplateOut]:
        """By name. Of two that want the same otherwise, the last has its way."""
        return [TemplateOut.of_template(each) for each in await call.database.read(store.read_templates)]

    @routes.get("/monitor-templates/{template_id}", tags=["monitoring"], summary="One of them")
    async def get_template(template_id: TemplateId, call: Read) -> TemplateOut:
        found = await call.database.read(lambda connection: store.get_template(connection, template_id))
        if found is None:
            raise NotFound("there is no such template")
        return TemplateOut.of_template(found)

    @routes.post("/monitor-templates", tags=["monitoring"], summary="Add one", status_code=201)
    async def add_template(body: TemplateIn, call: Write) -> TemplateOut:
        """Stations that are connected are put right at once, others when they boot."""
        return await _put(call, "", body)

    @routes.put("/monitor-templates/{template_id}", tags=["monitoring"], summary="Change one")
    async def change_template(template_id: TemplateId, body: TemplateIn, call: Write) -> TemplateOut:
        """Monitors that no template wants any more are cleared."""
        return await _put(call, template_id, body)

    @routes.delete("/monitor-templates/{template_id}", tags=["monitoring"], summary="Remove one", status_code=204)
    async def remove_template(template_id: TemplateId, call: Write) -> None:
        await service.remove_template(call, template_id)


async def _put(call: Write, template_id: str, body: TemplateIn) -> TemplateOut:
    monitors = [each.monitor() for each in body.monitors]
    return TemplateOut.of_template(await service.put_template(call, template_id, body.name, body.aim.aim(), monitors))
