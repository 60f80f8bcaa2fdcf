import stat

from voltloom.features.access import LocalKey, new_local_token, read_local_key, remove_local_key, write_local_key


def test_the_key_of_this_machine_is_for_its_owner_only(tmp_path):
    path = tmp_path / "local-key.json"
    key = LocalKey("http://127.0.0.1:8000", new_local_token(), 42)
    write_local_key(path, key)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_local_key(path) == key
    assert list(tmp_path.iterdir()) == [path]


def test_a_server_removes_its_own_key_and_not_that_of_the_next(tmp_path):
    path = tmp_path / "local-key.json"
    first, second = (LocalKey("http://127.0.0.1:8000", new_local_token(), pid) for pid in (1, 2))
    write_local_key(path, first)
    write_local_key(path, second)
    remove_local_key(path, first)
    assert read_local_key(path) == second
    remove_local_key(path, second)
    assert read_local_key(path) is None


def test_a_file_that_is_no_key_counts_as_none(tmp_path):
    path = tmp_path / "local-key.json"
    path.write_text('{"url": 1}')
    assert read_local_key(path) is None
