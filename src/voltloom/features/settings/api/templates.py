"""Routes of what stations of a kind are to be set to."""

from typing import Annotated

from fastapi import APIRouter, Path

from voltloom.domain.errors import NotFound
from voltloom.features.settings import service, store
from voltloom.features.settings.documents import SettingTemplateIn, SettingTemplateOut
from voltloom.features.stations.api.shared import DangerousWrite, Read, Write

TemplateId = Annotated[str, Path(max_length=40)]


def add_routes(routes: APIRouter) -> None:
    @routes.get("/setting-templates", tags=["settings"], summary="What stations of a kind are to be set to")
    async def list_setting_templates(call: Read) -> list[SettingTemplateOut]:
        """By name. Of two that want the same otherwise, the last has its way."""
        return [SettingTemplateOut.of(each) for each in await call.database.read(store.read_templates)]

    @routes.get("/setting-templates/{template_id}", tags=["settings"], summary="One of them")
    async def get_setting_template(template_id: TemplateId, call: Read) -> SettingTemplateOut:
        found = await call.database.read(lambda connection: store.get_template(connection, template_id))
        if found is None:
            raise NotFound("there is no such template")
        return SettingTemplateOut.of(found)

    @routes.post("/setting-templates", tags=["settings"], summary="Add one", status_code=201)
    async def add_setting_template(body: SettingTemplateIn, call: DangerousWrite) -> SettingTemplateOut:
        """Stations that are connected are put right at once, others when they boot. Secrets cannot be wanted."""
        return await _put(call, "", body)

    @routes.put("/setting-templates/{template_id}", tags=["settings"], summary="Change one")
    async def change_setting_template(
        template_id: TemplateId, body: SettingTemplateIn, call: DangerousWrite
    ) -> SettingTemplateOut:
        return await _put(call, template_id, body)

    @routes.delete("/setting-templates/{template_id}", tags=["settings"], summary="Remove one", status_code=204)
    async def remove_setting_template(template_id: TemplateId, call: Write) -> None:
        """Stations keep what they have."""
        await service.remove_template(call, template_id)


async def _put(call: DangerousWrite, template_id: str, body: SettingTemplateIn) -> SettingTemplateOut:
    made = await service.put_template(
        call,
        template_id,
        body.name,
        body.aim.aim(),
        [each.wanted() for each in body.settings],
        before_accepted=body.before_accepted,
        when_refused=body.when_refused,
    )
    return SettingTemplateOut.of(made)
