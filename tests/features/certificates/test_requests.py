"""Requests for certificates, renewals and what stations trust, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import pki
from stations_by_hand import CP, Caller, Session, registered
from voltloom.domain.certificate import CertificateHash, CertificateUse, HashAlgorithm, Installed, SigningUse
from voltloom.domain.commands import (
    Accepted,
    Answer,
    DeleteCertificate,
    InstallCertificate,
    InstalledAnswer,
    ListCertificates,
    SendSignedCertificate,
    Trigger,
    Triggerable,
)
from voltloom.domain.errors import Conflict, Invalid, NotFound, NotInThisVersion, StationError, TimedOut, Unreachable
from voltloom.domain.events import CertificateRequestChanged
from voltloom.domain.reports import CertificateRequested
from voltloom.domain.station import SecurityProfile
from voltloom.features import certificates
from voltloom.features.certificates import Authority, OwnSigner, Signers, rules, store, store_trust, trust
from voltloom.features.certificates.answers import budget
from voltloom.features.certificates.renewals import renewer
from voltloom.features.certificates.requests import cancel_request, deliver_one, due_deliverer, prune_requests
from voltloom.features.certificates.rules import CertificateStanding, Outcomes, Request, RequestState, standing_of
from voltloom.features.certificates.signing import EstSigner, NotSigned
from voltloom.features.feature import Context, Link, Memories
from voltloom.features.stations import change_station, remembered
from voltloom.infra.database import Database, Work
from voltloom.infra.outbound import Allowed, Outbound

NOW = datetime.now(UTC).replace(microsecond=0)
TAKEN = Answer(Accepted.ACCEPTED, "Accepted")
REFUSED = Answer(Accepted.REJECTED, "Rejected", "BadChain")
LINK = Link(CP, "10.0.0.7", "ocpp2.0.1", 1, NOW, 1.0, None, 0, 0)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("ca"), "Voltgrid AG", NOW)


class House:
    """A station of profile 1, a network that answers as told, and the time."""

    def __init__(self, database: Database, authority: Authority, caller: Caller) -> None:
        self.database, self.authority = database, authority
        self.signers = Signers(OwnSigner(authority), OwnSigner(authority))
        self.caller, self.network, self.now = caller, caller.stations, NOW
        self.network.links[CP] = LINK
        self.answer: object = TAKEN
        self.network.says = lambda *_: self.answer
        self.events: list[CertificateRequestChanged] = []

    async def asks(self, csr: str, use: SigningUse | None = None, number: int | None = None) -> str:
        """Why not; "" where it was taken."""
        loaded = await self.database.read(lambda c: Memories.load([remembered, budget], c, [CP]))
        feature = certificates.feature(self.authority, self.signers)
        session = Session(self.database, feature, loaded[CP], self.network, CP, self.now)
        loaded[CP].of(remembered).profile_reached = SecurityProfile.PASSWORD
        reply = await session.says(CertificateRequested(csr, use, number))
        self.events += session.heard(CertificateRequestChanged)
        return reply.reason

    def context(self) -> Context:
        return Context(self.database, self.network, self.now, Work())

    async def delivers(self) -> None:
        """What is due, and what was told of."""
        events, self.events = self.events, []
        for event in events:
            await deliver_one(self.context(), self.signers, event.request)
        await due_deliverer(self.signers)(self.context())

    async def requests(self) -> list[Request]:
        return await self.database.read(lambda c: store.find_requests(c, CP, (), None, 100))

    async def issued(self) -> list[Any]:
        return list(await self.database.read(lambda c: store.find(c, CP, None, 100)))

    def sent(self) -> list[SendSignedCertificate]:
        return [command for _, command in self.network.asked if isinstance(command, SendSignedCertificate)]


@pytest.fixture
def told(fresh_database, authority) -> Callable[[Callable[[House], Awaitable[None]]], None]:
    def run(story: Callable[[House], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with fresh_database() as database:
                caller = await registered(database)
                caller.now = NOW
                await story(House(database, authority, caller))

        asyncio.run(whole())

    return run


def test_a_request_is_signed_delivered_and_its_outcome_kept(told):
    async def story(house: House) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        assert await house.asks(pki.csr("anybody", key), SigningUse.STATION, 7) == ""
        (waiting,) = await house.requests()
        assert (waiting.state, waiting.fingerprint) == (RequestState.WAITING, "")
        await house.delivers()
        (sent,) = house.sent()
        assert (sent.use, sent.request_id) == (SigningUse.STATION, 7)
        (done,) = await house.requests()
        assert (done.state, done.attempts, done.chain) == (RequestState.ACCEPTED, 1, sent.chain)
        (row,) = await house.issued()
        assert (row["fingerprint"], row["outcome"], row["use"]) == (done.fingerprint, "accepted", sent.use.value)
        await house.delivers()
        assert len(house.sent()) == 1, "it has answered"

    told(story)


def test_the_same_request_again_is_the_same_and_another_takes_its_place(told):
    async def story(house: House) -> None:
        house.network.links.clear()
        first, second = pki.csr(), pki.csr()
        for csr in (first, first.replace("\n", "\r\n"), second):
            assert await house.asks(csr) == ""
            await house.delivers()
        latest, before = sorted(await house.requests(), key=lambda each: each.state.value, reverse=True)
        assert (latest.state, latest.csr) == (RequestState.WAITING, second)
        assert (before.state, before.csr) == (RequestState.SUPERSEDED, first)
        assert await house.asks(pki.csr(), SigningUse.V2G) == "", "for another use one may be open as well"
        states = [each.state for each in await house.requests()]
        assert states.count(RequestState.WAITING) == 2
        house.network.links[CP] = LINK
        house.now += timedelta(minutes=1)
        await house.delivers()
        assert len(house.sent()) == 2, "of what was superseded nothing is sent"

    told(story)


def test_repeating_a_request_makes_nothing_happen_faster_but_after_a_long_wait(told):
    async def story(house: House) -> None:
        house.answer = TimedOut("silent")
        csr = pki.csr()
        await house.asks(csr)
        await house.delivers()
        for _ in range(20):
            assert await house.asks(csr) == ""
            await house.delivers()
        assert len(house.sent()) == 1
        for _ in range(8):
            house.now += timedelta(hours=1)
            await house.delivers()
        sent = len(house.sent())
        assert await house.asks(csr) == ""
        await house.delivers()
        assert len(house.sent()) == sent + 1, "it would have waited for an hour"

    told(story)


def test_a_station_that_asks_without_end_is_told_to_wait(told):
    async def story(house: House) -> None:
        for _ in range(rules.MOST_A_DAY):
            assert await house.asks(pki.csr()) == ""
        assert "tomorrow" in await house.asks(pki.csr())
        house.now += timedelta(days=1, seconds=1)
        assert await house.asks(pki.csr()) == ""

    told(story)


@pytest.mark.parametrize(
    "csr",
    [
        "",
        "no request",
        "x" * 20_000,
        pki.csr(key=ec.generate_private_key(ec.SECP224R1())),
        pki.csr(key=rsa.generate_private_key(65537, 1024)),
        pki.csr().replace("A", "B", 3),
    ],
    ids=["empty", "nonsense", "long", "P-224", "RSA 1024", "changed"],
)
def test_what_is_no_good_request_is_refused_and_not_kept(told, csr):
    async def story(house: House) -> None:
        assert await house.asks(csr) != ""
        assert await house.requests() == []

    told(story)


@pytest.mark.parametrize(
    ("answers", "state", "sent"),
    [
        ([TimedOut("silent"), Unreachable("gone"), TAKEN], RequestState.ACCEPTED, 3),
        ([REFUSED, TAKEN], RequestState.REFUSED, 1),
        ([StationError("no", "NotImplemented"), TAKEN], RequestState.FAILED, 1),
        ([NotInThisVersion("no"), TAKEN], RequestState.FAILED, 1),
        ([StationError("oh", "InternalError"), TAKEN], RequestState.ACCEPTED, 2),
        ([StationError("oh", "InternalError")] * 9, RequestState.FAILED, 6),
        ([Conflict("too many wait"), TAKEN], RequestState.ACCEPTED, 2),
    ],
)
def test_it_is_tried_again_while_that_may_help(told, answers, state, sent):
    async def story(house: House) -> None:
        await house.asks(pki.csr())
        for answer in answers:
            house.answer = answer
            await house.delivers()
            house.now += timedelta(hours=2)
        (request,) = await house.requests()
        assert (request.state, len(house.sent())) == (state, sent)
        assert len({each.chain for each in house.sent()}) == 1, "it is signed once"
        assert state is RequestState.ACCEPTED or request.reason
        if state is RequestState.REFUSED:
            assert (await house.issued())[0]["outcome"] == "refused"

    told(story)


def test_a_station_that_is_away_costs_no_attempt_and_after_a_week_it_is_given_up(told):
    async def story(house: House) -> None:
        house.network.links.clear()
        await house.asks(pki.csr())
        for _ in range(3):
            await house.delivers()
            house.now += timedelta(hours=1)
        (request,) = await house.requests()
        assert (request.attempts, request.fingerprint, house.network.asked) == (0, "", [])
        house.now += rules.GIVEN_UP_AFTER
        await house.delivers()
        (request,) = await house.requests()
        assert request.state is RequestState.EXPIRED
        house.now += timedelta(days=500)
        await prune_requests(house.context())
        assert await house.requests() == []

    told(story)


def test_two_deliveries_at_once_are_one(told):
    async def story(house: House) -> None:
        await house.asks(pki.csr())
        (request,) = await house.requests()
        await asyncio.gather(*(deliver_one(house.context(), house.signers, request.id) for _ in range(5)))
        assert len(house.sent()) == 1

    told(story)


def test_a_pinned_station_may_come_in_with_what_it_has_taken(told):
    async def story(house: House) -> None:
        await change_station(house.caller, CP, {"cert_fingerprint": "ab" * 32})
        await house.asks(pki.csr(), SigningUse.V2G)
        await house.delivers()
        await house.asks(pki.csr())
        await house.delivers()
        taken = next(each for each in await house.requests() if each.use is None)
        rows = await house.database.read(lambda c: c.exec_driver_sql("SELECT cert_fingerprint FROM stations").all())
        assert rows == [(taken.fingerprint,)]

    told(story)


def test_a_request_is_cancelled(told):
    async def story(house: House) -> None:
        await house.asks(pki.csr())
        (request,) = await house.requests()
        await cancel_request(house.caller, request.id)
        await house.delivers()
        assert house.sent() == []
        with pytest.raises(Conflict):
            await cancel_request(house.caller, request.id)
        with pytest.raises(NotFound):
            await cancel_request(house.caller, "0" * 16)

    told(story)


# ---- renewal


def test_what_expires_soon_is_renewed_in_time_and_not_asked_for_twice(told):
    async def story(house: House) -> None:
        renew = renewer(timedelta(days=30))
        await house.asks(pki.csr())
        await house.asks(pki.csr(), SigningUse.V2G)
        await house.delivers()

        def triggers() -> list[Triggerable]:
            return [command.message for _, command in house.network.asked if isinstance(command, Trigger)]

        await renew(house.context())
        assert triggers() == []
        house.now += timedelta(days=2 * 365 - 20)
        house.network.links.clear()
        await renew(house.context())
        assert triggers() == [], "nobody is there"
        house.network.links[CP] = LINK
        house.answer = Unreachable("just gone")
        await renew(house.context())
        house.answer = TAKEN
        await renew(house.context())
        await renew(house.context())
        assert sorted(each.value for each in triggers()[2:]) == [
            "SignChargingStationCertificate",
            "SignV2GCertificate",
        ]
        house.now += timedelta(days=1, minutes=1)
        await house.asks(pki.csr())
        await renew(house.context())
        assert len(triggers()) == 5, "one has asked meanwhile, so the other alone is asked again"
        await house.delivers()
        soon = house.now + timedelta(days=99)
        rows = {row["use"]: bool(row["is_replaced"]) for row in await house.issued() if row["not_after"] < soon}
        assert rows == {"ChargingStationCertificate": True, "V2GCertificate": False}

    told(story)


@pytest.mark.parametrize(
    ("outcome", "days_left", "revoked", "replaced", "standing"),
    [
        (Outcomes.ISSUED, 100, False, False, CertificateStanding.VALID),
        (Outcomes.ACCEPTED, 10, False, False, CertificateStanding.EXPIRING),
        (Outcomes.ACCEPTED, -1, False, False, CertificateStanding.EXPIRED),
        (Outcomes.ACCEPTED, 100, True, False, CertificateStanding.REVOKED),
        (Outcomes.ACCEPTED, 100, False, True, CertificateStanding.REPLACED),
        (Outcomes.OFFERED, 100, False, False, CertificateStanding.OFFERED),
        (Outcomes.REFUSED, 100, False, True, CertificateStanding.REFUSED),
    ],
)
def test_a_certificate_has_one_word_for_how_it_stands(outcome, days_left, revoked, replaced, standing):
    end = NOW + timedelta(days=days_left)
    assert standing_of(outcome, end, NOW if revoked else None, replaced, NOW, timedelta(days=30)) is standing


# ---- what stations trust


HASH = CertificateHash(HashAlgorithm.SHA256, "AB", "cd", "03F")


def test_an_inventory_is_kept_by_use_and_replaced_by_what_is_told(told):
    async def story(house: House) -> None:
        mo = Installed(CertificateUse.MO_ROOT, HASH)
        chain = Installed(CertificateUse.V2G_CHAIN, HASH, (HASH, HASH))
        csms = Installed(CertificateUse.CSMS_ROOT, HASH)
        uses = (CertificateUse.MO_ROOT, CertificateUse.V2G_CHAIN)
        house.answer = InstalledAnswer(Accepted.ACCEPTED, "Accepted", (mo, chain, csms), uses)
        await trust.refresh(house.caller, CP)
        found, _ = await trust.read_installed(house.caller, house.authority, CP)
        key = HASH.key
        assert found.certificates == (
            Installed(CertificateUse.MO_ROOT, key),
            Installed(CertificateUse.V2G_CHAIN, key, (key, key)),
        ), "of what it was not asked about, nothing is kept"
        house.answer = InstalledAnswer(Accepted.ACCEPTED, "NotFound", (), (CertificateUse.MO_ROOT,))
        await trust.refresh(house.caller, CP, [CertificateUse.MO_ROOT])
        found, _ = await trust.read_installed(house.caller, house.authority, CP)
        assert [each.use for each in found.certificates] == [CertificateUse.V2G_CHAIN]
        assert set(found.as_of) == set(uses)
        many = tuple(Installed(CertificateUse.MO_ROOT, HASH) for _ in range(10_000))
        house.answer = InstalledAnswer(Accepted.ACCEPTED, "Accepted", many, (CertificateUse.MO_ROOT,))
        await trust.refresh(house.caller, CP)
        found, _ = await trust.read_installed(house.caller, house.authority, CP)
        assert len(found.certificates) <= store_trust.MOST_INSTALLED

    told(story)


def test_what_is_installed_and_deleted_is_kept_in_step(told):
    async def story(house: House) -> None:
        root = pki.new_root("Acme")
        house.answer = InstalledAnswer(Accepted.ACCEPTED, "NotFound", (), tuple(CertificateUse))
        await trust.refresh(house.caller, CP)
        house.answer = TAKEN
        await trust.add_authority(house.caller, CertificateUse.MO_ROOT, root.pem)
        await trust.install(house.caller, CP, CertificateUse.MO_ROOT, root.pem)
        found, names = await trust.read_installed(house.caller, house.authority, CP)
        (one,) = found.certificates
        assert names[one.hash].subject == "CN=Acme"
        await trust.delete(house.caller, house.authority, CP, one.hash)
        assert house.network.asked[-1][1] == DeleteCertificate(one.hash, CertificateUse.MO_ROOT)
        found, _ = await trust.read_installed(house.caller, house.authority, CP)
        assert found.certificates == ()
        assert [type(command) for _, command in house.network.asked] == [
            ListCertificates,
            InstallCertificate,
            DeleteCertificate,
        ]

    told(story)


def test_what_is_no_authority_is_neither_kept_nor_installed(told):
    async def story(house: House) -> None:
        root = pki.new_root()
        leaf = root.issue("leaf")
        old = root.issue("old", ca=True, start=NOW - timedelta(days=3), end=NOW - timedelta(days=1))
        for wrong in ("", "none", leaf.pem, old.pem, root.pem * 2):
            with pytest.raises(Invalid):
                await trust.add_authority(house.caller, CertificateUse.MO_ROOT, wrong)
            with pytest.raises(Invalid):
                await trust.install(house.caller, CP, CertificateUse.MO_ROOT, wrong)
        for use in (CertificateUse.CSMS_ROOT, CertificateUse.V2G_CHAIN):
            with pytest.raises(Invalid):
                await trust.add_authority(house.caller, use, root.pem)
        assert house.network.asked == []
        row = await trust.add_authority(house.caller, CertificateUse.MO_ROOT, root.pem)
        with pytest.raises(Conflict):
            await trust.add_authority(house.caller, CertificateUse.MO_ROOT, root.pem)
        await trust.add_authority(house.caller, CertificateUse.V2G_ROOT, root.pem)
        await trust.remove_authority(house.caller, CertificateUse.MO_ROOT, row["fingerprint"])
        with pytest.raises(NotFound):
            await trust.remove_authority(house.caller, CertificateUse.MO_ROOT, row["fingerprint"])

    told(story)


def test_the_root_of_this_server_is_not_deleted_by_accident(told):
    async def story(house: House) -> None:
        for root in house.authority.roots:
            for algorithm in HashAlgorithm:
                named = certificates.hash_of(root.certificate, root.certificate, algorithm)
                with pytest.raises(Conflict, match="even_ours"):
                    await trust.delete(house.caller, house.authority, CP, named)
        await trust.delete(house.caller, house.authority, CP, named, even_ours=True)
        assert len(house.network.asked) == 1

    told(story)


# ---- another authority


def est(outside: pki.Outside, token: Path | None = None) -> EstSigner:
    roots = (outside.folder / "root.pem").read_text()
    return EstSigner(Outbound(Allowed.read(["127.0.0.1"]), roots), f"{outside.url}/est", token, "Voltgrid AG")


def test_another_authority_signs_for_vehicles_by_est(tmp_path: Path):
    async def story() -> None:
        with pki.outside(tmp_path) as outside:
            root = pki.new_root("V2G root")
            outside.est = root.issue("V2G sub", ca=True)
            token = tmp_path / "token"
            token.write_text("secret-1\n")
            key = ec.generate_private_key(ec.SECP256R1())
            signed = await est(outside, token).sign(CP, pki.csr("x", key), SigningUse.V2G, NOW)
            assert signed.chain.count("BEGIN CERTIFICATE") == 2, "the leaf and what is above it, no root"
            assert not signed.is_ours
            assert signed.issued.pem == signed.chain[: len(signed.issued.pem)]
            path, headers, _ = outside.heard[0]
            assert (path, headers["content-type"]) == ("/est/simpleenroll", "application/pkcs10")
            assert headers["authorization"] == "Bearer secret-1"
            with pytest.raises(NotSigned, match="let in with") as wrong:
                await est(outside).sign(CP, pki.csr(), SigningUse.STATION, NOW)
            assert not wrong.value.again
            for status, again in ((202, True), (401, True), (503, True), (400, False), (404, False)):
                outside.answers["/est/simpleenroll"] = (status, b"")
                with pytest.raises(NotSigned) as refused:
                    await est(outside).sign(CP, pki.csr(), SigningUse.V2G, NOW)
                assert refused.value.again is again
            for nonsense in (b"", b"nonsense", b"AAAA"):
                outside.answers["/est/simpleenroll"] = (200, nonsense)
                with pytest.raises(NotSigned):
                    await est(outside).sign(CP, pki.csr(), SigningUse.V2G, NOW)
            with pytest.raises(NotSigned, match="cannot be read"):
                await est(outside, tmp_path / "nowhere").sign(CP, pki.csr(), SigningUse.V2G, NOW)

    asyncio.run(story())


def test_what_another_authority_signs_late_is_delivered_late(told, tmp_path: Path):
    async def story(house: House) -> None:
        with pki.outside(tmp_path) as outside:
            outside.est = pki.new_root("V2G root")
            house.signers = Signers(house.signers.stations, est(outside))
            outside.answers["/est/simpleenroll"] = (202, b"")
            await house.asks(pki.csr(), SigningUse.V2G)
            await house.delivers()
            (request,) = await house.requests()
            assert (request.state, house.sent()) == (RequestState.WAITING, [])
            assert "202" in request.reason
            outside.answers.clear()
            house.now += timedelta(minutes=1)
            await house.delivers()
            (request,) = await house.requests()
            assert request.state is RequestState.ACCEPTED
            (row,) = await house.issued()
            assert not row["is_ours"]
            await certificates.revoke(house.caller, row["fingerprint"], "lost")
            listed = await house.database.read(lambda c: list(store.revoked_serials(c, row["kind"], NOW)))
            assert listed == [], "its own authority tells the world of it, ours does not"

    told(story)
