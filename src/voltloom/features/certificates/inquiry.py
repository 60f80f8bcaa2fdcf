"""Asking responders and revocation lists: through the guarded client, and not twice for the same."""

import asyncio
import base64
import binascii
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from cryptography import x509

from voltloom.domain.certificate import (
    CertificateHash,
    CertificateState,
    OcspQuestion,
    StatusAnswer,
    StatusQuestion,
    StatusSource,
)
from voltloom.features.certificates.hashes import is_issuer
from voltloom.features.certificates.revocation import NoWord, Word, read_list, read_response, request_of
from voltloom.infra.outbound import Outbound, OutboundError

MOST_REMEMBERED: Final = 2_000
LONGEST_RESPONSE: Final = 64_000
LONGEST_LIST: Final = 1_048_576
CHAIN_WITHIN_S: Final = 12.0
"""For all certificates of a chain together: a station waits some 30 seconds, and a vehicle less."""

Known: TypeAlias = Sequence[x509.Certificate]
_Key: TypeAlias = tuple[StatusSource, CertificateHash, str]


@dataclass(slots=True)
class Inquiry:
    """Words are remembered by who was asked as well: where a station says whom to ask, it can only deceive itself."""

    outbound: Outbound
    _words: "OrderedDict[_Key, Word]" = field(default_factory=lambda: OrderedDict[_Key, Word](), init=False)

    async def ask(self, question: OcspQuestion, issuers: Known, now: datetime) -> Word:
        """Raises NoWord."""
        request = request_of(question.hash)
        key = (StatusSource.OCSP, question.hash.key, question.responder_url)

        async def fetch() -> bytes:
            answer = await self.outbound.request(
                "POST",
                question.responder_url,
                headers={"content-type": "application/ocsp-request", "accept": "application/ocsp-response"},
                body=request,
                plain_http=True,
                most_bytes=LONGEST_RESPONSE,
            )
            if answer.status != 200:
                raise NoWord(f"the responder answers with HTTP {answer.status}")
            return answer.body

        must_be_proven = any(is_issuer(each, question.hash) for each in issuers)
        return await self._recall_or(
            key, now, fetch, lambda der: read_response(der, question.hash, issuers, now), must_be_proven
        )

    async def look(self, named: CertificateHash, url: str, issuers: Known, now: datetime) -> Word:
        """In a revocation list. Raises NoWord."""

        async def fetch() -> bytes:
            answer = await self.outbound.get(url, plain_http=True, most_bytes=LONGEST_LIST)
            if answer.status != 200:
                raise NoWord(f"where the revocation list should be, the answer is HTTP {answer.status}")
            return answer.body

        key = (StatusSource.CRL, named.key, url)
        must_be_proven = any(is_issuer(each, named) for each in issuers)
        return await self._recall_or(key, now, fetch, lambda data: read_list(data, named, issuers, now), must_be_proven)

    async def ask_all(
        self, questions: Sequence[StatusQuestion], issuers: Known, now: datetime
    ) -> tuple[StatusAnswer, ...]:
        """One answer a question, in their order; FAILED for what nobody would say in time."""
        asked = [asyncio.ensure_future(self._answer(question, issuers, now)) for question in questions]
        try:
            await asyncio.wait(asked, timeout=CHAIN_WITHIN_S)
            return tuple(
                task.result() if task.done() else StatusAnswer(question, CertificateState.FAILED, now)
                for task, question in zip(asked, questions, strict=True)
            )
        finally:
            for task in asked:
                task.cancel()

    async def _answer(self, question: StatusQuestion, issuers: Known, now: datetime) -> StatusAnswer:
        for url in question.urls:
            try:
                if question.source is StatusSource.OCSP:
                    word = await self.ask(OcspQuestion(question.hash, url), issuers, now)
                else:
                    word = await self.look(question.hash, url, issuers, now)
            except NoWord:
                continue
            return StatusAnswer(question, word.state, word.until)
        return StatusAnswer(question, CertificateState.FAILED, now)

    async def _recall_or(
        self,
        key: _Key,
        now: datetime,
        fetch: Callable[[], Awaitable[bytes]],
        read: Callable[[bytes], Word],
        must_be_proven: bool,
    ) -> Word:
        known = self._words.get(key)
        if known is not None and now < known.until and (known.is_proven or not must_be_proven):
            self._words.move_to_end(key)
            return known
        try:
            word = read(await fetch())
        except OutboundError as error:
            raise NoWord(error.reason) from None
        self._words[key] = word
        while len(self._words) > MOST_REMEMBERED:
            self._words.popitem(last=False)
        return word


def response_text(word: Word) -> str:
    return base64.b64encode(word.der).decode()


def is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
