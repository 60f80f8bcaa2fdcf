"""What the routes of stations share: their parameters, what can go wrong, and files."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from voltloom.domain import commands as domain
from voltloom.domain.ids import StationId
from voltloom.features.access import Scope
from voltloom.features.api import Call, allow, csv_text
from voltloom.features.stations.asking import name_of_kind

Id = Annotated[StationId, Path(max_length=48, description="the OCPP identity", examples=["CP-7"])]
Timeout = Annotated[float, Query(ge=1, le=120, description="seconds to wait for the station's answer")]
Number = Annotated[int, Path(ge=1, le=2**62)]
Word = Annotated[str, Query(max_length=100)]
Read = Annotated[Call, allow(Scope.STATIONS_READ)]
Write = Annotated[Call, allow(Scope.STATIONS_WRITE)]
Command = Annotated[Call, allow(Scope.STATIONS_COMMAND)]
Dangerous = Annotated[Call, allow(Scope.STATIONS_COMMAND, fresh=True)]
DangerousWrite = Annotated[Call, allow(Scope.STATIONS_WRITE, fresh=True)]
Format = Annotated[Literal["csv", "json", "jsonl"], Query(alias="format", description="jsonl: one document a line")]

MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json", "jsonl": "application/jsonl"}
ItemT = TypeVar("ItemT", bound=BaseModel)
Responses = dict[int | str, dict[str, Any]]
NOT_FOUND: Responses = {404: {"description": "There is no such station."}}
NO_SUCH_KNOCK: Responses = {404: {"description": "It is not in the inbox (any more)."}}
ADOPTING: Responses = {
    **NO_SUCH_KNOCK,
    409: {"description": "The station is connected, or something else than its password keeps it out: `detail` says."},
}
PROBLEMS_OF_A_COMMAND: Responses = {
    **NOT_FOUND,
    409: {"description": "It is not connected, not accepted yet, or its OCPP version has no words for this."},
    502: {"description": "It answered with an error: `code` is its own word."},
    504: {"description": "It is connected and did not answer in time; whether it acted is not known."},
}


def gives(kind: type[domain.Command[Any]]) -> dict[str, Any]:
    """For a route of the document: the command it gives, as `GET …/vocabulary` names it."""
    return {"x-command": name_of_kind(kind)}


def as_file(
    name: str,
    kind: str,
    columns: Sequence[str],
    batches: AsyncIterator[list[ItemT]],
    cells: Callable[[ItemT], list[object]],
) -> StreamingResponse:
    """Some hundred rows at a time: an export holds neither a connection nor all of it in memory."""

    async def lines() -> AsyncIterator[str]:
        first = True
        if kind == "csv":
            yield csv_text([columns])
        async for batch in batches:
            if kind == "csv":
                yield csv_text(map(cells, batch))
                continue
            texts = [item.model_dump_json() for item in batch]
            if kind == "jsonl":
                yield "".join(f"{text}\n" for text in texts)
            else:
                yield ("[\n" if first else ",\n") + ",\n".join(texts)
            first = False
        if kind == "json":
            yield "[]\n" if first else "\n]\n"

    headers = {"content-disposition": f'attachment; filename="{name}.{kind}"'}
    return StreamingResponse(lines(), media_type=MEDIA[kind], headers=headers)
