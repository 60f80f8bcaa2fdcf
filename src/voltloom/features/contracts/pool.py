"""The pool that contracts of vehicles are fetched from. What passes is EXI in base64, and is not read here.

The pool is spoken to as the Open Plug&Charge Protocol does (`/v1/ccp/signedContractData`), with the two fields beside
that ISO 15118-20 added; one that answers in OCPP's own words is understood as well.
"""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import msgspec

from voltloom.domain.reports import EvCertificateAsked
from voltloom.features.certificates import NotSigned, bearer, is_base64, same_emaid
from voltloom.infra.outbound import Outbound, OutboundError

PATH: Final = "/v1/ccp/signedContractData"
LONGEST_ANSWER: Final = 400_000
WITHIN_S: Final = 15.0
"""A vehicle of ISO 15118-2 has mostly given up by then; the station's own patience is some 30 seconds."""


class NoContract(Exception):
    """reason: a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Contract:
    exi: str
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Reached:
    """status: of HTTP; None where nobody answered. reason: "" where it is there and lets us in."""

    status: int | None
    reason: str
    took_ms: int


class _MessageDef(msgspec.Struct, rename="camel"):
    certificate_installation_res: str = ""
    emaid: str = ""


class _Content(msgspec.Struct, rename="camel"):
    message_def: _MessageDef


class _Contents(msgspec.Struct, rename="camel"):
    emaid_content: list[_Content] = []


class _Answer(msgspec.Struct, rename="camel"):
    ccp_response: _Contents | None = msgspec.field(name="CCPResponse", default=None)
    exi_response: str = ""
    remaining_contracts: int | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """url         what `PATH` is appended to
    token_file  where a bearer token is read anew for each call: whoever fetches tokens puts it there; None: none
    """

    outbound: Outbound
    url: str
    token_file: Path | None = None

    @property
    def shown_url(self) -> str:
        """Without what may be a secret in it."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    async def test(self) -> Reached:
        """Is somebody there, who lets us in? No contract is asked for."""
        began = perf_counter()

        def reached(status: int | None, reason: str = "") -> Reached:
            return Reached(status, reason, round((perf_counter() - began) * 1000))

        try:
            answer = await self.outbound.request(
                "GET",
                self.url.rstrip("/") + PATH,
                headers={"accept": "application/json"} | bearer(self.token_file),
                most_bytes=LONGEST_ANSWER,
                within_s=WITHIN_S,
            )
        except (OutboundError, NotSigned) as error:
            return reached(None, error.reason)
        if answer.status in (401, 403):
            return reached(answer.status, "it does not take our token: see contract_pool_token_file")
        if answer.status >= 500:
            return reached(answer.status, "it has troubles of its own")
        return reached(answer.status)

    async def fetch(self, asked: EvCertificateAsked) -> Contract:
        """Raises NoContract."""
        body: dict[str, object] = {
            "certificateInstallationReq": asked.exi,
            "xsdMsgDefNamespace": asked.schema_version,
        }
        if asked.most_contracts is not None:
            body["maximumContractCertificateChains"] = asked.most_contracts
        if asked.prioritized:
            body["prioritizedEMAIDs"] = list(asked.prioritized)
        headers = {"content-type": "application/json", "accept": "application/json"}
        try:
            answer = await self.outbound.request(
                "POST",
                self.url.rstrip("/") + PATH,
                headers=headers | bearer(self.token_file),
                body=msgspec.json.encode(body),
                most_bytes=LONGEST_ANSWER,
                within_s=WITHIN_S,
            )
        except (OutboundError, NotSigned) as error:
            raise NoContract(f"the pool of contracts: {error.reason}") from None
        if answer.status != 200:
            raise NoContract(f"the pool of contracts answers with HTTP {answer.status}")
        return _read(answer.body, asked.prioritized)


def _read(body: bytes, prioritized: tuple[str, ...]) -> Contract:
    try:
        said = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, RecursionError):
        raise NoContract("what the pool of contracts answers cannot be read") from None
    found = [each.message_def for each in (said.ccp_response.emaid_content if said.ccp_response else [])]
    if said.exi_response:
        contract = Contract(said.exi_response, said.remaining_contracts)
    elif found:
        contract = Contract(_first_of(found, prioritized).certificate_installation_res, len(found) - 1)
    else:
        raise NoContract("the pool has no contract for this vehicle")
    if not contract.exi or not is_base64(contract.exi):
        raise NoContract("what the pool of contracts answers is not base64")
    if contract.remaining is not None and not 0 <= contract.remaining < 2**31:
        return Contract(contract.exi)
    return contract


def _first_of(found: list[_MessageDef], prioritized: tuple[str, ...]) -> _MessageDef:
    for wanted in prioritized:
        for each in found:
            if same_emaid(each.emaid, wanted):
                return each
    return found[0]
