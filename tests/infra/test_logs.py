import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from voltloom.infra.logs import HIDDEN, configure_logs, inert, logger, redact, redact_json


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    out = io.StringIO()
    before = logging.getLogger().handlers[:]
    configure_logs("info", "json", out)
    yield out
    logging.getLogger().handlers[:] = before
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "payload",
    [
        {"key": "AuthorizationKey", "value": "S3CRET"},
        {
            "setVariableData": [
                {
                    "component": {"name": "SecurityCtrlr"},
                    "variable": {"name": "BasicAuthPassword"},
                    "attributeValue": "S3CRET",
                }
            ]
        },
        {"configurationKey": [{"key": "authorizationkey", "readonly": False, "value": "S3CRET"}]},
        {"connectionData": {"basicAuthPassword": "S3CRET", "apn": {"apnPassword": "S3CRET"}}},
        {"headers": {"Authorization": "Basic UzNDUkVUUzNDUkVU S3CRET"}},
        {"text": "postgresql://voltloom:S3CRET@db/x"},
        {"text": "-----BEGIN EC PRIVATE KEY-----\nS3CRET\n-----END EC PRIVATE KEY-----"},
        {"text": "Authorization: Bearer S3CRETS3CRET"},
        {"variable": "VpnKeyPSK", "attributeValue": "S3CRET", "component": "VPN"},
        {"reportData": [{"variable": {"name": "ApnPassword"}, "variableAttribute": [{"value": "S3CRET"}]}]},
    ],
)
def test_secrets_do_not_come_through(payload: dict[str, object]):
    assert "S3CRET" not in json.dumps(redact(payload))
    assert "S3CRET" not in redact_json(json.dumps(payload))


def test_what_operators_look_for_stays():
    payload = {"idToken": {"idToken": "04A1", "type": "ISO14443"}, "key": "HeartbeatInterval", "value": "300", "n": 1}
    assert redact(payload) == payload
    status = {"authorizationStatus": "Accepted", "idTagInfo": {"status": "Accepted"}}
    assert redact(status) == status


def test_a_document_that_is_no_json_is_redacted_as_text():
    assert redact_json("[2, Bearer abcdefghij") == f"[2, Bearer {HIDDEN}"


def test_text_from_a_station_cannot_forge_a_line(log: io.StringIO):
    logger("voltloom.test").info("booted", vendor='x\n{"event":"forged"}\u202e')
    lines = log.getvalue().splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["vendor"] == 'x\\n{"event":"forged"}\\u202e'


def test_a_log_line_hides_what_is_named_like_a_secret(log: io.StringIO):
    logger("voltloom.test").info("added", password="S3CRET", station="CP-7")
    logging.getLogger("other.library").warning("sent Authorization: Basic UzNDUkVUOlMzQ1JFVA==")
    assert "S3CRET" not in log.getvalue()
    assert "UzND" not in log.getvalue()
    assert '"station": "CP-7"' in log.getvalue()


def test_inert_keeps_ordinary_text():
    assert inert("Ladesäule 7 – ok 🚗") == "Ladesäule 7 – ok 🚗"
