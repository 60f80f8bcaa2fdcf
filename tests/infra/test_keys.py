from pathlib import Path

import pytest

from voltloom.infra.database import SettingError
from voltloom.infra.keys import Envelope, key_file, read_private, write_private

KEYS = {"a": b"a" * 32, "b": b"b" * 32}


def test_a_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path):
    key = key_file(tmp_path, "passwords")
    assert len(key) == 32
    assert key_file(tmp_path, "passwords") == key
    assert (tmp_path / "passwords.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path):
    key_file(tmp_path, "passwords")
    (tmp_path / "passwords.key").chmod(0o644)
    with pytest.raises(SettingError, match="chmod 600"):
        key_file(tmp_path, "passwords")


def test_a_damaged_key_is_refused_and_not_replaced(tmp_path: Path):
    write_private(tmp_path / "passwords.key", b"???")
    with pytest.raises(SettingError, match="restore it"):
        key_file(tmp_path, "passwords")
    assert read_private(tmp_path / "passwords.key") == b"???"


def test_what_is_sealed_with_an_old_key_still_opens_after_a_new_one_came():
    sealed = Envelope(KEYS, "a").seal(b"secret", "station:CP-7")
    assert b"secret" not in sealed.encode()
    assert Envelope(KEYS, "b").open(sealed, "station:CP-7") == b"secret"


@pytest.mark.parametrize("change", [lambda s: s[:-6] + "AAAAA=", lambda s: "c" + s[1:], lambda s: s[:1] + ":!"])
def test_what_was_altered_does_not_open(change):
    sealed = Envelope(KEYS, "a").seal(b"secret", "station:CP-7")
    with pytest.raises(ValueError, match="sealed"):
        Envelope(KEYS, "a").open(change(sealed), "station:CP-7")


def test_what_belongs_to_one_thing_does_not_open_as_anothers():
    envelope = Envelope(KEYS, "a")
    with pytest.raises(ValueError, match="belongs"):
        envelope.open(envelope.seal(b"secret", "station:CP-7"), "station:CP-8")
