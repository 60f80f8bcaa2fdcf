from pathlib import Path

import pytest

from voltloom.infra.database import SettingError
from voltloom.infra.settings import Settings, load_settings


def test_with_nothing_set_everything_listens_on_this_machine_only(tmp_path: Path):
    settings = load_settings({"data_dir": tmp_path}, {})
    assert settings.host == "127.0.0.1"
    assert not settings.allow_plain_ws
    assert settings.database_url == f"sqlite:///{tmp_path}/voltloom.db"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path):
    (tmp_path / "voltloom.toml").write_text('http_port = 1\nocpp_port = 2\nocpps_port = 3\ntrusted_proxies = ["::1"]\n')
    environment = {"VOLTLOOM_OCPP_PORT": "12", "VOLTLOOM_HTTP_PORT": "11"}
    settings = load_settings({"data_dir": tmp_path, "http_port": 21, "host": None}, environment)
    assert (settings.http_port, settings.ocpp_port, settings.ocpps_port) == (21, 12, 3)
    assert settings.trusted_proxies == ("::1",)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"VOLTLOOM_HTTP_PORT": "eight"}, "`http_port` from VOLTLOOM_HTTP_PORT is 'eight': it must be a whole number"),
        ({"VOLTLOOM_HTTP_PORT": "99999"}, "at least 0 and at most 65535"),
        ({"VOLTLOOM_HTPP_PORT": "1"}, "did you mean VOLTLOOM_HTTP_PORT?"),
        ({"VOLTLOOM_ALLOW_PLAIN_WS": "perhaps"}, "must be true or false"),
        ({"VOLTLOOM_LOG_LEVEL": "loud"}, "debug or info or warning or error"),
        ({"VOLTLOOM_HTTP_PORT": "9000"}, "must differ"),
        ({"VOLTLOOM_DEAD_AFTER_S": "10"}, "give a station time to answer"),
        ({"VOLTLOOM_DRAIN_S": "nan"}, "at least 0"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_says_what_to_do(tmp_path: Path, environment: dict[str, str], said: str):
    with pytest.raises(SettingError) as error:
        load_settings({"data_dir": tmp_path}, environment)
    assert said in str(error.value)


def test_a_misspelt_name_in_the_file_is_refused_with_the_nearest(tmp_path: Path):
    (tmp_path / "voltloom.toml").write_text("heartbeat_intervals = 5\n")
    with pytest.raises(SettingError, match="did you mean heartbeat_interval_s"):
        load_settings({"data_dir": tmp_path}, {})


def test_a_broken_file_is_named(tmp_path: Path):
    (tmp_path / "voltloom.toml").write_text("host = \n")
    with pytest.raises(SettingError, match=r"voltloom\.toml cannot be read"):
        load_settings({"data_dir": tmp_path}, {})


def test_names_given_to_commands_that_call_a_server_are_not_settings(tmp_path: Path):
    assert load_settings({"data_dir": tmp_path}, {"VOLTLOOM_API_KEY": "k"}).http_port == Settings().http_port
