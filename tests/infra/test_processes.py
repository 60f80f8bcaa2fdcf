import subprocess
import sys
from pathlib import Path

import pytest

from voltloom.infra.database import SettingError
from voltloom.infra.processes import DataDirLock, RunningNode, describe_node, is_in_use, running_node

NODE = RunningNode(1, "2026-11-23T00:00:00Z", "http://h", "ws://h", "wss://h", "0.1.0")


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


def test_commands_find_the_server_that_runs(tmp_path: Path):
    assert running_node(tmp_path) is None
    lock = DataDirLock(tmp_path)
    lock.take()
    describe_node(tmp_path, NODE)
    assert running_node(tmp_path) == NODE
    assert (tmp_path / "node.json").stat().st_mode & 0o777 == 0o600
    lock.release()
    assert running_node(tmp_path) is None
