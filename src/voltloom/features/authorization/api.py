"""Routes for tokens and their groups."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import Connection

from voltloom.domain.errors import Invalid
from voltloom.domain.token import AuthorizationStatus, TokenKind
from voltloom.features.access import Scope
from voltloom.features.api import After, Body, Call, Limit, Page, allow, csv_text, cursor, position
from voltloom.features.authorization import rules, service, store
from voltloom.features.authorization.rules import Credit, Group, Token, TokenState
from voltloom.features.authorization.service import Fate, Row, RowOutcome

Reading = Annotated[Call, allow(Scope.TOKENS_READ)]
Writing = Annotated[Call, allow(Scope.TOKENS_WRITE)]
Value = Annotated[
    str, Path(max_length=255, description="the token's value; case does not matter", examples=["04A2B3C4D5E680"])
]
GroupId = Annotated[str, Path(max_length=36, examples=["fleet-north"])]
Text = Annotated[str, StringConstraints(max_length=2000)]
Allowed = Annotated[
    int | None,
    Field(ge=1, le=1_000_000, description="how many transactions may be open at once; null: any number"),
]


class TokenFields(Body):
    kind: TokenKind = Field(default=TokenKind.UNKNOWN, description='what it is; "" where nobody knows, which fits all')
    group: Annotated[str, StringConstraints(max_length=36)] | None = Field(
        default=None, description="any member of a group may end what another began"
    )
    state: TokenState = TokenState.ACTIVE
    valid_from: AwareDatetime | None = None
    valid_until: AwareDatetime | None = Field(default=None, description="exclusive")
    holder: Text = Field(default="", description="who carries it")
    note: Text = ""
    language: Annotated[str, StringConstraints(max_length=8)] = Field(
        default="", description="what a station's display shall speak", examples=["de"]
    )
    allowed: Allowed = 1


class TokenIn(TokenFields):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"value": "04A2B3C4D5E680", "kind": "ISO14443", "holder": "Ada Moser", "group": "fleet-north"}]
        }
    )

    value: Annotated[str, StringConstraints(max_length=255)]


class TokenChangeIn(TokenFields):
    """What is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "blocked", "note": "reported lost"}]})


class TokenOut(TokenFields):
    value: str
    credit: Decimal | None = Field(description="what is left on a prepaid one; null: it is not prepaid")
    currency: str = Field(description="of what is left; empty where it is not prepaid")
    standing: AuthorizationStatus = Field(
        description="what it would be answered now, whatever it has running: Accepted, Blocked (it is, or its group), "
        "Expired, Invalid, NoCredit, NotAtThisTime (not valid yet)"
    )
    running: int = Field(description="how many transactions it has open")

    @staticmethod
    def of(token: Token, standing: AuthorizationStatus, running: int, left: Credit | None) -> "TokenOut":
        return TokenOut(
            value=token.value,
            standing=standing,
            running=running,
            credit=None if left is None else left.amount,
            currency="" if left is None else left.currency,
            kind=token.kind,
            group=token.group_id,
            state=token.state,
            valid_from=token.valid_from,
            valid_until=token.valid_until,
            holder=token.holder,
            note=token.note,
            language=token.language,
            allowed=token.allowed,
        )


class CreditIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": "25.00", "currency": "EUR"}]})

    amount: Annotated[Decimal, Field(max_digits=15, decimal_places=6, allow_inf_nan=False)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]

    def credit(self) -> Credit:
        return Credit(int(self.amount.scaleb(6)), self.currency)


class CreditOut(Body):
    amount: Decimal | None = Field(description="what is left; below nothing where more was charged; null: not prepaid")
    currency: str

    @staticmethod
    def of(credit: Credit | None) -> "CreditOut":
        if credit is None:
            return CreditOut(amount=None, currency="")
        return CreditOut(amount=credit.amount, currency=credit.currency)


class TokensIn(Body):
    tokens: list[dict[str, Any]] = Field(
        max_length=service.MOST_IMPORTED, description="documents as for adding one token; each stands or falls alone"
    )


class RowOut(Body):
    row: int = Field(description="the first is 1")
    value: str
    fate: Fate
    reason: str = Field(description="why it was refused")
    line: int | None = Field(description="of the CSV file, where it begins; the heading is on the first")
    changes: list[str] = Field(description="the fields that are other than before")

    @staticmethod
    def of(outcome: RowOutcome) -> "RowOut":
        return RowOut(
            row=outcome.row,
            value=outcome.value,
            fate=outcome.fate,
            reason=outcome.reason,
            line=outcome.line,
            changes=["group" if name == "group_id" else name for name in outcome.changes],
        )


class ImportOut(Body):
    added: int
    changed: int
    unchanged: int
    refused: int
    rows: list[RowOut]


class GroupIn(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Fleet north"}]})

    name: Annotated[str, StringConstraints(max_length=200)] = ""
    blocked: bool = Field(default=False, description="none of its tokens may charge")
    master: bool = Field(default=False, description="its members may end any transaction, at every station")


class GroupOut(GroupIn):
    id: str
    members: int = Field(description="tokens in it")

    @staticmethod
    def of(group: Group, members: int) -> "GroupOut":
        return GroupOut(id=group.id, name=group.name, blocked=group.blocked, master=group.master, members=members)


# ---- tokens


def _fields(body: TokenFields, *, only_said: bool = False) -> dict[str, Any]:
    """By the names of Token's fields."""
    names = body.model_fields_set if only_said else set(TokenFields.model_fields)
    said = {name: getattr(body, name) for name in names if name != "value"}
    if "group" in said:
        said["group_id"] = said.pop("group")
    return said


async def _outs(call: Call, tokens: Sequence[Token]) -> list[TokenOut]:
    """With how they stand, and what they have running."""

    def read(connection: Connection) -> tuple[dict[str, Group], dict[str, int], dict[str, Credit]]:
        ids = (token.group_id for token in tokens if token.group_id is not None)
        keys = [token.key for token in tokens]
        return (
            store.groups_by_id(connection, ids),
            store.count_uses(connection, keys),
            store.credits_by_key(connection, keys),
        )

    groups, running, credit = await call.database.read(read)

    def out(token: Token) -> TokenOut:
        left = credit.get(token.key)
        standing = rules.standing(token, groups.get(token.group_id or ""), call.now, left)
        return TokenOut.of(token, standing, running.get(token.key, 0), left)

    return [out(token) for token in tokens]


async def _out(call: Call, token: Token) -> TokenOut:
    return (await _outs(call, [token]))[0]


def _token_routes(router: APIRouter) -> None:
    @router.get("/tokens", summary="Tokens", tags=["tokens"])
    async def list_tokens(
        call: Reading,
        limit: Limit = 100,
        after: After = None,
        q: Annotated[str, Query(max_length=100, description="in the value, the holder or the note")] = "",
        group: Annotated[str | None, Query(max_length=36)] = None,
        state: TokenState | None = None,
        standing: Annotated[
            Literal["Accepted", "Blocked", "Expired", "Invalid", "NoCredit", "NotAtThisTime"] | None,
            Query(description="those that would be answered so now"),
        ] = None,
    ) -> Page[TokenOut]:
        """In the order of their values."""
        (last,) = position(after, tuple[str]) or ("",)
        stands = None if standing is None else (AuthorizationStatus(standing), call.now)
        found = await call.database.read(
            lambda connection: store.find_tokens(
                connection, after=last, limit=limit + 1, words=q, group_id=group, state=state, standing=stands
            )
        )
        more = cursor(found[limit - 1].key) if len(found) > limit else None
        return Page(items=await _outs(call, found[:limit]), next=more)

    @router.post("/tokens", summary="Add a token", tags=["tokens"], status_code=201)
    async def add_token(call: Writing, body: TokenIn) -> TokenOut:
        """Stations that ask for it are told at once that it may charge."""
        return await _out(call, await service.add_token(call, Token(body.value, **_fields(body))))

    @router.get("/tokens/{value}", summary="One token", tags=["tokens"])
    async def get_token(call: Reading, value: Value) -> TokenOut:
        return await _out(call, await service.get_token(call, value))

    @router.patch("/tokens/{value}", summary="Change a token", tags=["tokens"])
    async def change_token(call: Writing, value: Value, body: TokenChangeIn) -> TokenOut:
        """What is left out stays as it is. What the token has running is not ended by it."""
        return await _out(call, await service.change_token(call, value, _fields(body, only_said=True)))

    @router.post("/tokens/{value}/block", summary="Block a token", tags=["tokens"])
    async def block_token(call: Writing, value: Value) -> TokenOut:
        """It may not charge from now on. What it has running goes on."""
        blocked = {"state": TokenState.BLOCKED}
        return await _out(call, await service.change_token(call, value, blocked, "token.block"))

    @router.post("/tokens/{value}/unblock", summary="Let a blocked token charge again", tags=["tokens"])
    async def unblock_token(call: Writing, value: Value) -> TokenOut:
        active = {"state": TokenState.ACTIVE}
        return await _out(call, await service.change_token(call, value, active, "token.unblock"))

    @router.delete("/tokens/{value}", summary="Remove a token", tags=["tokens"], status_code=204)
    async def remove_token(call: Writing, value: Value) -> None:
        """Its transactions remain."""
        await service.remove_token(call, value)


def _credit_routes(router: APIRouter) -> None:
    path = "/tokens/{value}/credit"

    @router.get(path, summary="What is left on a prepaid token", tags=["tokens"])
    async def get_credit(call: Reading, value: Value) -> CreditOut:
        return CreditOut.of(await service.get_credit(call, value))

    @router.put(path, summary="Say what is left on a token", tags=["tokens"])
    async def set_credit(call: Writing, value: Value, body: CreditIn) -> CreditOut:
        """It is prepaid from then on: what its transactions cost is taken off it, and a station of 2.1 lets it charge
        for no more than is left. In the currency of the tariffs that apply to it."""
        return CreditOut.of(await service.set_credit(call, value, body.credit()))

    @router.post(f"{path}/top-up", summary="Put something on a prepaid token", tags=["tokens"])
    async def top_up(call: Writing, value: Value, body: CreditIn) -> CreditOut:
        return CreditOut.of(await service.top_up(call, value, body.credit()))

    @router.delete(path, summary="A token is prepaid no more", tags=["tokens"], status_code=204)
    async def remove_credit(call: Writing, value: Value) -> None:
        await service.set_credit(call, value, None)


# ---- many tokens


def _bulk_routes(router: APIRouter) -> None:
    @router.get("/tokens/export", summary="All tokens", tags=["tokens"], response_class=Response)
    async def export_tokens(
        call: Reading,
        kind: Annotated[
            Literal["csv", "jsonl"], Query(alias="format", description="jsonl: one JSON document a line")
        ] = "csv",
    ) -> StreamingResponse:
        """The CSV file can be imported again."""
        media = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl"}[kind]
        headers = {"content-disposition": f'attachment; filename="tokens.{kind}"'}
        return StreamingResponse(_export(call, kind), media_type=media, headers=headers)

    @router.post(
        "/tokens/import",
        summary="Add or change many tokens",
        tags=["tokens"],
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "text/csv": {
                        "schema": {"type": "string"},
                        "example": "value,kind,holder,group\n04A2B3C4D5E680,ISO14443,Ada Moser,fleet-north\n",
                    },
                    "application/json": {"schema": TokensIn.model_json_schema()},
                },
            }
        },
    )
    async def import_tokens(
        call: Writing,
        request: Request,
        dry_run: Annotated[bool, Query(description="only say what would come of it")] = False,
    ) -> ImportOut:
        """A CSV file with a heading, or a JSON document. Each row stands or falls alone, and says why.

        A token that is there already gets the fields its row names, and keeps the rest.
        """
        rows = _rows(request.headers.get("content-type", ""), await request.body())
        outcomes = await service.import_tokens(call, rows, dry_run=dry_run)
        counts = {fate.value: sum(outcome.fate is fate for outcome in outcomes) for fate in Fate}
        return ImportOut(**counts, rows=[RowOut.of(outcome) for outcome in outcomes])


def _rows(content_type: str, body: bytes) -> list[Row]:
    kind = content_type.split(";")[0].strip().lower()
    if kind not in ("text/csv", "application/json"):
        raise Invalid("send text/csv or application/json, and say which in the header Content-Type")
    if kind == "text/csv":
        try:
            return service.read_csv(body.decode())
        except UnicodeDecodeError:
            raise Invalid("the CSV file must be in UTF-8") from None
    try:
        documents = TokensIn.model_validate_json(body).tokens
    except ValidationError as error:
        raise Invalid(f"the body must be a document with a list `tokens`: {_first(error)}") from None
    return [_row(number, document) for number, document in enumerate(documents, 1)]


def _row(number: int, document: dict[str, Any]) -> Row:
    value = document.get("value")
    value = value[:255] if isinstance(value, str) else ""
    try:
        body = TokenIn.model_validate(document)
    except ValidationError as error:
        return Row(number, value, {}, _first(error))
    return Row(number, body.value, _fields(body, only_said=True))


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


_CSV_OF_PAGE = 1000


async def _export(call: Call, kind: Literal["csv", "jsonl"]) -> AsyncIterator[str]:
    """A page at a time: an export holds neither a connection nor all tokens in memory."""
    if kind == "csv":
        yield csv_text([service.COLUMNS])
    last = ""
    while True:
        tokens = await _page_after(call, last)
        if not tokens:
            return
        last = tokens[-1].key
        if kind == "csv":
            yield csv_text(service.csv_row(token) for token in tokens)
        else:
            yield "".join(f"{out.model_dump_json()}\n" for out in await _outs(call, tokens))


async def _page_after(call: Call, key: str) -> list[Token]:
    return await call.database.read(lambda connection: store.find_tokens(connection, after=key, limit=_CSV_OF_PAGE))


# ---- groups


def _group_routes(router: APIRouter) -> None:
    @router.get("/token-groups", summary="Groups of tokens", tags=["tokens"])
    async def list_groups(call: Reading, limit: Limit = 100, after: After = None) -> Page[GroupOut]:
        (last,) = position(after, tuple[str]) or ("",)
        found = await call.database.read(lambda connection: store.find_groups(connection, after=last, limit=limit + 1))
        more = cursor(found[limit - 1][0].id) if len(found) > limit else None
        return Page(items=[GroupOut.of(*each) for each in found[:limit]], next=more)

    @router.get("/token-groups/{group_id}", summary="One group", tags=["tokens"])
    async def get_group(call: Reading, group_id: GroupId) -> GroupOut:
        return GroupOut.of(*await service.get_group(call, group_id))

    @router.put("/token-groups/{group_id}", summary="Add or change a group", tags=["tokens"])
    async def put_group(call: Writing, group_id: GroupId, body: GroupIn) -> GroupOut:
        """Blocking a group keeps all its tokens from charging."""
        await service.put_group(call, Group(group_id, body.name, body.blocked, body.master))
        return GroupOut.of(*await service.get_group(call, group_id))

    @router.delete("/token-groups/{group_id}", summary="Remove an empty group", tags=["tokens"], status_code=204)
    async def remove_group(call: Writing, group_id: GroupId) -> None:
        await service.remove_group(call, group_id)


def router() -> APIRouter:
    """Static addresses come before `/tokens/{value}`."""
    router = APIRouter()
    _bulk_routes(router)
    _credit_routes(router)
    _token_routes(router)
    _group_routes(router)
    return router
