import asyncio

import pytest

from voltloom.domain.errors import Invalid, Throttled
from voltloom.features.access.passwords import Passwords, insist_on_good


@pytest.mark.parametrize(
    "password",
    [
        "purple monkey dishwasher",
        "winter kayak turnip",
        "tH9$kd02#mzQpl!x",
        "сорок тысяч обезьян",
        "zeppelin ravioli 88",
    ],
)
def test_a_few_words_or_a_random_text_are_good(password):
    insist_on_good(password, "anna@example.com", "Anna Karenina")


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password12345678!",
        "P@ssw0rdP@ssw0rd",
        "aaaaaaaaaaaaaaaaaaaa",
        "1234567890123456",
        "qwertyuiopasdfghjkl",
        "abcabcabcabcabcabc",
        "voltloom-voltloom-1",
        "correct horse battery staple",
        "anna.example.com2030",
        "AnnaKarenina!2030",
        "ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ",
    ],
)
def test_what_is_guessed_first_is_refused(password):
    with pytest.raises(Invalid, match="guessed first"):
        insist_on_good(password, "anna@example.com", "Anna Karenina")


def test_a_short_one_is_refused_with_how_long_it_must_be():
    with pytest.raises(Invalid, match="14 characters long: use at least 15"):
        insist_on_good("kayak turnip 1")


def test_a_hash_is_good_for_its_password_only():
    async def story():
        passwords = Passwords(time_cost=1, memory_kib=64)
        kept = await passwords.hash("winter kayak turnip")
        assert kept.startswith("$argon2id$")
        assert await passwords.check(kept, "winter kayak turnip")
        assert not await passwords.check(kept, "winter kayak turnips")
        assert not await passwords.check("", "winter kayak turnip")
        assert not await passwords.check("no hash at all", "winter kayak turnip")
        passwords.close()

    asyncio.run(story())


def test_the_same_letters_typed_on_another_machine_are_the_same_password():
    async def story():
        passwords = Passwords(time_cost=1, memory_kib=64)
        assert await passwords.check(await passwords.hash("Zürich kayak turnip"), "Zu\u0308rich kayak turnip")
        passwords.close()

    asyncio.run(story())


def test_a_hash_made_with_weaker_parameters_is_outdated():
    async def story():
        weak, strong = Passwords(time_cost=1, memory_kib=64), Passwords(time_cost=2, memory_kib=128)
        kept = await weak.hash("winter kayak turnip")
        assert strong.is_outdated(kept)
        assert not weak.is_outdated(kept)
        weak.close()
        strong.close()

    asyncio.run(story())


def test_a_few_wait_for_their_turn_and_the_rest_is_told_to_come_back():
    async def story():
        passwords = Passwords(slots=2, queue=3, time_cost=1, memory_kib=64)
        waiting = [asyncio.ensure_future(passwords.check("", "x")) for _ in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(Throttled):
            await passwords.check("", "x")
        assert await asyncio.gather(*waiting) == [False] * 5
        assert await passwords.check("", "x") is False
        passwords.close()

    asyncio.run(story())
