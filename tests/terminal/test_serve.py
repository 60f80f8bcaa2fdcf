"""`voltloom serve` that cannot start says why, in one sentence, and what to do."""

import os
import sqlite3
from contextlib import closing

import pytest

from harness import Server, free_ports


def test_a_wrong_setting_is_named_with_what_was_found_and_what_is_right(tmp_path):
    server = Server(tmp_path / "data")
    said = server.refuses_to_start(heartbeat_interval_s="soon")
    assert "VOLTLOOM_HEARTBEAT_INTERVAL_S" in said
    assert "'soon'" in said
    assert "did you mean VOLTLOOM_LOG_LEVEL" in server.refuses_to_start(log_levle="info")


def test_a_wrong_file_of_settings_is_named(tmp_path):
    server = Server(tmp_path / "data")
    server.data_dir.mkdir()
    file = server.data_dir / "voltloom.toml"
    file.write_text("drain_s = [")
    assert str(file) in server.refuses_to_start()
    file.write_text("drian_s = 4")
    assert "drain_s" in server.refuses_to_start()


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody@127.0.0.1:1/none", "mysql://somewhere/db", "sqlite:////proc/nowhere/voltloom.db", "nonsense"],
)
def test_a_database_that_cannot_be_had(tmp_path, url):
    said = Server(tmp_path / "data").refuses_to_start(database=url)
    assert "database" in said.lower()


def test_a_password_in_the_database_setting_is_not_printed(tmp_path):
    said = Server(tmp_path / "data").refuses_to_start(database="postgresql://ada:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in said


def test_a_bus_that_is_not_there(tmp_path):
    (port,) = free_ports(1)
    assert "NATS" in Server(tmp_path / "data").refuses_to_start(bus=f"nats://127.0.0.1:{port}")


def test_a_database_that_is_newer_than_the_program_is_left_alone(tmp_path):
    server = Server(tmp_path / "data")
    server.run("migrate")
    set_revision(server, "9999")
    assert "9999" in server.refuses_to_start()
    assert server.query("SELECT version_num FROM alembic_version") == [("9999",)]


def set_revision(server: Server, revision: str) -> None:
    with closing(sqlite3.connect(server.data_dir / "voltloom.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()


def test_a_file_that_is_no_database(tmp_path):
    server = Server(tmp_path / "data")
    server.data_dir.mkdir()
    (server.data_dir / "voltloom.db").write_bytes(os.urandom(8192))
    assert "database" in server.refuses_to_start().lower()


def test_a_second_server_on_a_data_directory_and_ports_that_are_taken(tmp_path):
    with Server(tmp_path / "data") as server:
        second = Server(server.data_dir)
        assert f"process {server.process.pid}" in second.refuses_to_start()
        for name in ("ocpp_port", "ocpps_port", "http_port"):
            other = Server(tmp_path / name)
            setattr(other, name, getattr(server, name))
            said = other.refuses_to_start()
            assert str(getattr(server, name)) in said
        assert server.process.poll() is None


def test_a_key_that_others_can_read_is_not_used(tmp_path):
    server = Server(tmp_path / "data")
    with server:
        pass
    key = server.data_dir / "keys" / "station-passwords.key"
    key.chmod(0o644)
    assert f"chmod 600 {key}" in server.refuses_to_start()


def test_stations_without_tls_from_beyond_this_machine_are_not_let_in_by_accident(tmp_path):
    server = Server(tmp_path / "data", options=("--host", "127.0.0.1"), allow_plain_ws="perhaps")
    assert "allow_plain_ws" in server.refuses_to_start().lower()
