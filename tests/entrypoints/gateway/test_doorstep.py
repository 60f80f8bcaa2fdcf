"""The door, as an outsider finds it: what is asked, what is answered, and what the inbox says of it."""

import asyncio
import random
import ssl
from datetime import timedelta
from ipaddress import ip_network

import pytest

from gateway_house import PASSWORD, enter, frame, handshake, knock, run, until
from voltloom.domain.station import SecurityProfile
from voltloom.entrypoints.gateway.accept import Policy
from voltloom.entrypoints.gateway.limits import Limits
from voltloom.features.certificates import Kind, make_key
from voltloom.features.stations import KnockReason, change_station

UNAUTHORIZED = (
    b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b'Cache-Control: no-store\r\nWWW-Authenticate: Basic realm="ocpp", charset="UTF-8"\r\nContent-Length: 13\r\n\r\n'
)


@pytest.mark.parametrize(
    ("what", "asked", "status", "reason"),
    [
        ("an unknown identity", handshake("/ocpp/CP-9", user="CP-9"), 401, KnockReason.UNKNOWN_ID),
        ("a wrong password", handshake(password="x" * 20), 401, KnockReason.WRONG_PASSWORD),
        ("an empty password", handshake(password=""), 401, KnockReason.WRONG_PASSWORD),
        ("no password", handshake(user=None), 401, KnockReason.NO_PASSWORD),
        ("a bearer token", handshake(user=None, extra=["Authorization: Bearer abc"]), 401, KnockReason.NO_PASSWORD),
        ("the user of another", handshake(user="CP-2"), 401, KnockReason.IDENTITY_MISMATCH),
        ("the user in another case", handshake(user="cp-1"), 401, KnockReason.IDENTITY_MISMATCH),
        ("a password too much", handshake(password=PASSWORD + ":"), 401, KnockReason.WRONG_PASSWORD),
        ("a path that is none of ours", handshake("/steve/CP-1"), 404, KnockReason.WRONG_PATH),
        ("the path of nobody", handshake("/ocpp/"), 404, KnockReason.WRONG_PATH),
        ("a trailing slash", handshake("/ocpp/CP-1/"), 404, KnockReason.WRONG_PATH),
        ("a path with a query", handshake("/ocpp/CP-1?x"), 404, KnockReason.WRONG_PATH),
        ("a browser", handshake(drop=["Upgrade", "Connection", "Sec-"]), 426, KnockReason.BAD_REQUEST),
        (
            "an old WebSocket",
            handshake().replace(b"Version: 13", b"Version: 8"),
            426,
            KnockReason.BAD_REQUEST,
        ),
        ("no key", handshake(drop=["Sec-WebSocket-Key"]), 400, KnockReason.BAD_REQUEST),
        ("two passwords", handshake(extra=["Authorization: Basic YTpi"]), 400, KnockReason.BAD_REQUEST),
        ("a body", handshake(extra=["Content-Length: 5"]), 400, KnockReason.BAD_REQUEST),
        ("a request smuggled in", handshake(extra=["Transfer-Encoding: chunked"]), 400, KnockReason.BAD_REQUEST),
        ("another method", handshake().replace(b"GET", b"PUT"), 400, KnockReason.BAD_REQUEST),
        ("nonsense", b"\x00\x01\x02\r\n\r\n", 400, KnockReason.BAD_REQUEST),
        ("a hundred fields and one", handshake(extra=["X: y"] * 100), 431, KnockReason.BAD_REQUEST),
        ("a head without end", b"GET /ocpp/CP-1 HTTP/1.1\r\nX: " + b"y" * 40_000, 431, KnockReason.BAD_REQUEST),
        ("a head that is too large", handshake(extra=["X: " + "y" * 40_000]), 431, KnockReason.BAD_REQUEST),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_is_not_let_in_is_told_little_and_noted_with_the_reason(open_house, what, asked, status, reason):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            stranger = await knock(house.plain_port, asked)
            assert await stranger.status() == status, what
            assert await stranger.frame() == (0, b""), "the connection must end"
            assert house.knocks() == [reason]
            assert house.gateway.connections == 0
            assert house.knock(reason).address == "127.0.0.1"

    run(story)


def test_every_lack_of_proof_sounds_the_same(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            await house.register("CP-2", security_profile=SecurityProfile.PASSWORD_OVER_TLS)
            await house.register("CP-3")
            await house.register("CP-4", security_profile=SecurityProfile.CERTIFICATE)
            await change_station(house, "CP-3", {"enabled": False})
            await house.credentials.load()
            asked = [
                handshake(password="x" * 20),
                handshake(user=None),
                handshake("/ocpp/CP-9", user="CP-9"),
                handshake("/ocpp/CP-2", user="CP-2"),
                handshake("/ocpp/CP-3", user="CP-3"),
                handshake("/ocpp/CP-4", user="CP-4"),
            ]
            for each in asked:
                assert await (await knock(house.plain_port, each)).response() == UNAUTHORIZED
            assert set(house.knocks()) == {
                KnockReason.WRONG_PASSWORD,
                KnockReason.NO_PASSWORD,
                KnockReason.UNKNOWN_ID,
                KnockReason.PROFILE_TOO_LOW,
                KnockReason.DISABLED,
                KnockReason.NO_CERTIFICATE,
            }

    run(story)


def test_conformance_tools_may_be_told_who_is_unknown(open_house):
    async def story():
        async with open_house(policy=Policy(unknown_as_404=True)) as house:
            await house.register("CP-1")
            assert await (await knock(house.plain_port, handshake("/ocpp/CP-9", user="CP-9"))).status() == 404
            assert await (await knock(house.plain_port, handshake(password="x" * 20))).status() == 401

    run(story)


@pytest.mark.parametrize("password", [PASSWORD, PASSWORD.upper(), bytes.fromhex(PASSWORD)])
def test_a_password_comes_as_digits_or_as_the_bytes_they_stand_for(open_house, password):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            await enter(house.plain_port, password=password)

    run(story)


def test_a_percent_encoded_identity_is_the_same_station(open_house):
    async def story():
        async with open_house() as house:
            await house.register("RDAM|1")
            station = await knock(house.plain_port, handshake("/ocpp/RDAM%7C1", user="RDAM|1"))
            assert await station.status() == 101

    run(story)


@pytest.mark.parametrize(
    ("offered", "allowed", "chosen"),
    [
        ("ocpp1.6", (), "ocpp1.6"),
        ("ocpp1.6, ocpp2.0.1", (), "ocpp2.0.1"),
        ("ocpp2.0.1,ocpp2.1", (), "ocpp2.1"),
        ("ocpp2.1, ocpp2.0.1", ("ocpp2.0.1", "ocpp1.6"), "ocpp2.0.1"),
        ("foo, ocpp1.6", (), "ocpp1.6"),
    ],
)
def test_the_best_version_that_both_know_is_spoken(open_house, offered, allowed, chosen):
    async def story():
        async with open_house() as house:
            await house.register("CP-1", protocols=allowed)
            head = await (await knock(house.plain_port, handshake(protocols=offered))).response()
            assert f"\r\nSec-WebSocket-Protocol: {chosen}\r\n".encode() in head

    run(story)


@pytest.mark.parametrize(
    ("offered", "allowed", "reason"),
    [
        (None, (), KnockReason.NO_SUBPROTOCOL),
        ("ocpp1.5, mqtt", (), KnockReason.NO_SUBPROTOCOL),
        ("OCPP1.6", (), KnockReason.NO_SUBPROTOCOL),
        ("ocpp2.1", ("ocpp1.6",), KnockReason.SUBPROTOCOL_NOT_ALLOWED),
    ],
)
def test_without_a_common_version_there_is_a_101_without_one_and_a_close(open_house, offered, allowed, reason):
    async def story():
        async with open_house() as house:
            await house.register("CP-1", protocols=allowed)
            station = await knock(house.plain_port, handshake(protocols=offered))
            head = await station.response()
            assert head.startswith(b"HTTP/1.1 101 ")
            assert b"Sec-WebSocket-Protocol" not in head
            assert await station.close_code() == 1002
            assert house.knocks() == [reason]

    run(story)


def test_a_version_that_is_wrong_and_a_password_that_is_wrong_is_a_wrong_password(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            station = await knock(house.plain_port, handshake(protocols="mqtt", password="x" * 20))
            assert await station.status() == 401

    run(story)


def test_an_open_station_needs_no_password_but_only_where_it_was_said_so(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1", security_profile=SecurityProfile.OPEN)
            await enter(house.plain_port, user=None)
            await enter(house.plain_port, user="CP-1", password="whatever it has")

    run(story)


def test_a_station_that_once_used_tls_does_not_come_back_without(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            await (await enter(house.tls_port, context=house.client_context())).end()
            while house.credentials.get("CP-1").profile_reached < SecurityProfile.PASSWORD_OVER_TLS:
                await house.credentials.load()
            assert await (await knock(house.plain_port, handshake())).status() == 401
            assert house.knocks() == [KnockReason.PROFILE_TOO_LOW]
            await enter(house.tls_port, context=house.client_context())

    run(story)


# ---- TLS


def test_over_tls_it_is_profile_2(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1", security_profile=SecurityProfile.PASSWORD_OVER_TLS)
            station = await enter(house.tls_port, context=house.client_context())
            assert "currentTime" in (await station.call("Heartbeat", {}))[2]
            link = house.gateway.link("CP-1")
            assert link is not None
            assert link.security_profile == 2

    run(story)


@pytest.mark.parametrize("kind", list(Kind))
def test_with_its_certificate_it_is_profile_3(open_house, tmp_path, kind):
    async def story():
        async with open_house() as house:
            await house.register("CP-1", security_profile=SecurityProfile.CERTIFICATE)
            made = await make_key(house, house.authority, "CP-1", kind)
            context = house.client_context((made.issued.pem, made.key_pem), tmp_path)
            station = await enter(house.tls_port, user=None, context=context)
            assert "currentTime" in (await station.call("Heartbeat", {}))[2]
            assert house.gateway.link("CP-1").security_profile == 3

    run(story)


@pytest.mark.parametrize(
    "wrong", ["another station's", "revoked", "of another operator", "not the registered one", "none"]
)
def test_a_certificate_that_does_not_prove_who_it_is_is_refused(open_house, tmp_path, authority_dir, wrong):
    async def story():
        async with open_house() as house:
            values = {"cert_fingerprint": "ab" * 32} if wrong == "not the registered one" else {}
            await house.register("CP-1", security_profile=SecurityProfile.CERTIFICATE, **values)
            await house.register("CP-2", security_profile=SecurityProfile.CERTIFICATE)
            authority = house.authority
            if wrong == "of another operator":
                authority = type(authority)(authority_dir, "Evil Corp", authority.roots)
            made = await make_key(house, authority, "CP-2" if wrong == "another station's" else "CP-1")
            if wrong == "revoked":
                house.trust._revoked.add(made.issued.fingerprint)
            pair = None if wrong == "none" else (made.issued.pem, made.key_pem)
            stranger = await knock(house.tls_port, handshake(user=None), house.client_context(pair, tmp_path))
            assert await stranger.response() == UNAUTHORIZED
            expected = KnockReason.NO_CERTIFICATE if wrong == "none" else KnockReason.WRONG_CERTIFICATE
            assert house.knocks() == [expected]

    run(story)


def old_tls(context: ssl.SSLContext) -> ssl.SSLContext:
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def without_forward_secrecy(context: ssl.SSLContext) -> ssl.SSLContext:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("AES128-GCM-SHA256")
    return context


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("what", "how", "sentence"),
    [
        ("TLS 1.1", old_tls, "1.2 is the least"),
        ("TLS_RSA", without_forward_secrecy, "legacy_ciphers"),
        ("no trust in us", lambda _: ssl.create_default_context(), "CA certificate"),
    ],
)
def test_a_tls_handshake_that_fails_is_noticed_and_explained(open_house, what, how, sentence):
    async def story():
        async with open_house() as house:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await knock(house.tls_port, b"", how(house.client_context()))
            await until(lambda: bool(house.knocks()))
            assert house.knocks() == [KnockReason.TLS_FAILURE]
            told = house.knock(KnockReason.TLS_FAILURE)
            assert sentence in told.tls or "hung up" in told.tls, told

    run(story)


def test_old_stations_may_be_allowed_suites_without_forward_secrecy(open_house):
    async def story():
        async with open_house(legacy_ciphers=True) as house:
            await house.register("CP-1")
            await enter(house.tls_port, context=without_forward_secrecy(house.client_context()))

    run(story)


def test_plain_http_on_the_tls_port_and_tls_on_the_plain_port_are_explained(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            assert await (await knock(house.tls_port, handshake())).status() == 0
            assert "wss://" in house.knock(KnockReason.TLS_FAILURE).tls
            house.inbox.take()
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await knock(house.plain_port, b"", house.client_context())
            assert "plain port" in house.knock(KnockReason.TLS_FAILURE).detail

    run(story)


def test_a_station_certificate_of_a_stranger_is_noticed(open_house, tmp_path):
    async def story():
        async with open_house() as house:
            other = type(house.authority).open(tmp_path / "other", "Voltgrid AG", house.now)
            issued, key = other.make_station_key("CP-1", house.now)
            with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
                await enter(house.tls_port, user=None, context=house.client_context((issued.pem, key), tmp_path))
            await until(lambda: bool(house.knocks()))
            assert "none of the trusted authorities" in house.knock(KnockReason.TLS_FAILURE).tls

    run(story)


def test_a_station_certificate_that_has_expired_is_told_apart(open_house, tmp_path):
    async def story():
        async with open_house() as house:
            long_ago = house.now - timedelta(days=4000)
            issued, key = house.authority.make_station_key("CP-1", long_ago)
            with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
                await enter(house.tls_port, user=None, context=house.client_context((issued.pem, key), tmp_path))
            await until(lambda: bool(house.knocks()))
            assert house.knocks() == [KnockReason.EXPIRED_CERTIFICATE]
            assert "has expired" in house.knock(KnockReason.EXPIRED_CERTIFICATE).tls

    run(story)


# ---- limits


def test_a_guesser_is_slowed_and_the_real_station_is_not_kept_out(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            await (await enter(house.plain_port)).end()
            statuses = [
                await (await knock(house.plain_port, handshake("/ocpp/CP-2", user="CP-2"))).status() for _ in range(20)
            ]
            assert statuses == [401] * 15 + [429] * 5
            assert await (await knock(house.plain_port, handshake("/ocpp/CP-3", user="CP-3"))).status() == 429
            # It has proven itself from here before, so what others do from here is not held against it.
            await enter(house.plain_port)

    run(story)


def test_another_source_is_not_slowed_by_a_guesser(open_house):
    async def story():
        proxy = Policy(trusted_proxies=(ip_network("127.0.0.0/8"),))
        async with open_house(policy=proxy) as house:
            await house.register("CP-1")
            evil = handshake(password="x" * 20, extra=["X-Forwarded-For: 203.0.113.9"])
            for _ in range(16):
                last = await (await knock(house.plain_port, evil)).status()
            assert last == 429
            await enter(house.plain_port, extra=["X-Forwarded-For: 198.51.100.7"])
            assert house.gateway.link("CP-1").address == "198.51.100.7"

    run(story)


def test_what_a_stranger_says_of_its_address_is_not_believed(open_house):
    async def story():
        async with open_house() as house:
            await house.register("CP-1")
            claims = ["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "Forwarded: for=203.0.113.9"]
            await enter(house.plain_port, extra=claims)
            link = house.gateway.link("CP-1")
            assert (link.address, link.security_profile) == ("127.0.0.1", 1)

    run(story)


def test_a_station_that_reconnects_without_end_is_slowed(open_house):
    async def story():
        async with open_house(limits=Limits(reconnects=3, reconnect_every_s=60.0, close_s=0.2)) as house:
            await house.register("CP-1")
            await house.register("CP-2")
            for _ in range(3):
                await enter(house.plain_port)
            refused = await knock(house.plain_port, handshake())
            assert b"\r\nRetry-After: " in await refused.response()
            assert KnockReason.THROTTLED in house.knocks()
            await enter(house.plain_port, "CP-2")

    run(story)


def test_who_says_nothing_is_cut(open_house):
    async def story():
        async with open_house(limits=Limits(handshake_s=0.3, tls_handshake_s=0.3)) as house:
            await house.register("CP-1")
            silent = await knock(house.plain_port, b"GET /ocpp/CP-1 HTTP/1.1\r\n")
            assert await silent.status() == 0
            silent = await knock(house.tls_port, b"\x16")
            assert await silent.status() == 0
            await until(lambda: house.gateway._entrance.half_open.total() == 0)

    run(story)


def test_any_bytes_at_the_door_hurt_nobody(open_house):
    dice = random.Random(7)

    def garble(good: bytes) -> bytes:
        data = bytearray(good)
        for _ in range(dice.randint(1, 20)):
            place = dice.randrange(len(data))
            match dice.randrange(3):
                case 0:
                    data[place] = dice.randrange(256)
                case 1:
                    del data[place]
                case _:
                    data[place:place] = dice.randbytes(dice.randint(1, 8))
        return bytes(data)

    async def story():
        async with open_house(limits=Limits(guesses=10_000, reconnects=10_000, close_s=0.2)) as house:
            await house.register("CP-1")
            await house.register("CP-2")
            other = await enter(house.plain_port, "CP-2")
            for number in range(300):
                data = dice.randbytes(dice.randint(1, 500)) if number % 3 == 0 else garble(handshake())
                stranger = await knock(house.plain_port if number % 5 else house.tls_port, data + b"\r\n\r\n")
                stranger.writer.write_eof()
                head = await stranger.response()
                # The password may have come through unharmed.
                assert head == b"" or head.split(b" ")[1] in (b"101", b"400", b"401", b"404", b"426", b"431", b"429")
                await stranger.end()
            assert "currentTime" in (await other.call("Heartbeat", {}))[2]
            await until(lambda: house.gateway.connections == 1)

    run(story)


def test_any_bytes_on_an_open_connection_hurt_nobody(open_house):
    dice = random.Random(8)

    async def story():
        async with open_house(limits=Limits(reconnects=10_000, close_s=0.1)) as house:
            await house.register("CP-1")
            await house.register("CP-2")
            other = await enter(house.plain_port, "CP-2")
            for _ in range(60):
                station = await enter(house.plain_port)
                try:
                    for _ in range(20):
                        noise = dice.randbytes(dice.randint(1, 200))
                        await station.write(dice.choice([noise, frame(noise), frame(noise, dice.randrange(16))]))
                except ConnectionError:
                    pass
                await station.end()
            assert "currentTime" in (await other.call("Heartbeat", {}))[2]
            await until(lambda: house.gateway.connections == 1)

    run(story)


def test_guessing_takes_as_long_for_the_unknown_as_for_the_known(open_house):
    async def story():
        async with open_house(limits=Limits(guesses=10_000)) as house:
            await house.register("CP-1")
            loop = asyncio.get_running_loop()
            took = {"/ocpp/CP-1": [], "/ocpp/CP-9": []}
            for _ in range(40):
                for target, times in took.items():
                    began = loop.time()
                    asked = handshake(target, user=target[-4:], password="x" * 20)
                    assert await (await knock(house.plain_port, asked)).status() == 401
                    times.append(loop.time() - began)
            known, unknown = (sorted(times)[len(times) // 2] for times in took.values())
            assert abs(known - unknown) < 0.012

    run(story)
