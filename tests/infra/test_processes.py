import subprocess
import sys
from pathlib import Path

import pytest

from voltloom.infra.database import SettingError
from voltloom.infra.processes import DataDirLock, is_in_use


def test_two_servers_never_share_a_data_directory(tmp_path: Path):
    lock = DataDirLock(tmp_path)
    lock.take()
    with pytest.raises(SettingError, match="in use by another voltloom server"):
        DataDirLock(tmp_path).take()
    lock.release()
    DataDirLock(tmp_path).take()


def test_a_server_that_was_killed_leaves_no_lock(tmp_path: Path):
    program = (
        "import os, pathlib, sys; from voltloom.infra.processes import DataDirLock; "
        "DataDirLock(pathlib.Path(sys.argv[1])).take(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    assert not is_in_use(tmp_path)


def test_commands_can_tell_whether_a_server_runs(tmp_path: Path):
    assert not is_in_use(tmp_path)
    lock = DataDirLock(tmp_path)
    lock.take()
    assert is_in_use(tmp_path)
    lock.release()
    assert not is_in_use(tmp_path)


def test_a_process_that_read_the_archive_ends_without_a_word():
    """Its library tells whatever is not taken apart when the interpreter ends."""
    script = """
from voltloom.infra.archive import _duckdb
from voltloom.infra.processes import calm_garbage_collector, run

async def main():
    with _duckdb() as engine:
        engine.execute("SELECT 1").fetchall()
    calm_garbage_collector()

run(main())
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not ended.stderr
