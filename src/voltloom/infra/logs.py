"""Logs: structured, inert, and without secrets.

Text from outside cannot forge a line (control characters are escaped), and whatever is named like a secret is
replaced before it is written. `redact` is also what traces, exports and API reads of frames go through.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO, cast

import msgspec
import structlog

HIDDEN = "«hidden»"

_SECRET_NAME = re.compile(
    r"""password | passwd | secret | authorization(?!status|enabled|cache|ctrlr|remote) (?:key)? $ | ^authorization$
    | basic_?auth | private_?key | api_?key | ^token$ | (?:access|bearer|session|refresh)_?token | cookie | credential
    | ^(?:apn|vpn)(?:user|key|password) | pin$ """,
    re.IGNORECASE | re.VERBOSE,
)
"""Names of fields whose values are secrets. Not `idToken`: who charged is what operators look for."""

_SECRET_SETTING = re.compile(
    r"AuthorizationKey|BasicAuthPassword|Password|Passwd|Secret|PrivateKey|\bPIN\b|ApnPass|VpnKey|SharedKey|PSK",
    re.IGNORECASE,
)
"""Settings of stations whose values are secrets: 1.6 keys and 2.x variables."""

_IN_TEXT = re.compile(
    r"""(?P<pem>-----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*?(?:-----END[ ][A-Z ]*PRIVATE[ ]KEY-----|$))
    | (?P<scheme>\b(?:Basic|Bearer)[ ]+)[A-Za-z0-9+/=._~-]{6,}
    | (?P<key>\bvl_)[A-Za-z0-9_-]{16,}
    | (?P<url>://[^\s/:@]*:)[^\s/@]+(?=@)""",
    re.VERBOSE | re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def redact(value: object) -> Any:
    """The same value without secrets: in mappings by name, in texts by shape. New containers; the input is untouched.

    A pair of `key`/`value` (1.6 ChangeConfiguration) or `variable`/`attributeValue` (2.x SetVariables) hides the
    value when the setting's name tells that it is a secret.
    """
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        return _redact_mapping(cast("Mapping[str, object]", value))
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in cast("list[object]", value)]
    return value


def _redact_mapping(mapping: Mapping[str, object]) -> dict[str, Any]:
    secret_setting = _names_secret_setting(mapping)
    clean: dict[str, Any] = {}
    for name, item in mapping.items():
        secret = _SECRET_NAME.search(name) is not None and not isinstance(item, (Mapping, list, bool))
        vpn = name == "key" and "server" in mapping  # of a NetworkConnectionProfile of 2.x
        if secret or vpn or (secret_setting and name in {"value", "attributeValue", "variableAttribute"}):
            clean[name] = HIDDEN if item not in (None, "") else item
        else:
            clean[name] = redact(cast("object", item))
    return clean


def _names_secret_setting(mapping: Mapping[str, object]) -> bool:
    name = mapping.get("key")
    if name is None:
        variable = mapping.get("variable")
        name = cast("Mapping[str, object]", variable).get("name") if isinstance(variable, Mapping) else variable
    return isinstance(name, str) and _SECRET_SETTING.search(name) is not None


def redact_text(text: str) -> str:
    """Private keys, Basic and Bearer values, our own API keys and passwords in URLs, wherever they stand in a text."""
    if len(text) < 8:
        return text

    def hide(match: re.Match[str]) -> str:
        return (match["scheme"] or match["key"] or match["url"] or "") + HIDDEN

    return _IN_TEXT.sub(hide, text)


def redact_json(document: str) -> str:
    """A JSON document as text, without secrets; what is not JSON is redacted as text."""
    try:
        tree: object = msgspec.json.decode(document)
    except msgspec.MsgspecError:
        return redact_text(document)
    return msgspec.json.encode(redact(tree)).decode()


def inert(text: str) -> str:
    """With control and bidi characters as escapes: it can neither forge a line nor turn one around."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text).replace("\n", "\\n")


def configure_logs(level: str, form: str, out: TextIO | None = None) -> None:
    """Set up for the process. form: "json", "text", or "auto": text where a person looks on."""
    stream: TextIO = out or sys.stderr
    terminal = stream.isatty()
    as_text = form == "text" or (form == "auto" and terminal)
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _clean,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=terminal) if as_text else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared[1:],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for noisy in ("uvicorn", "uvicorn.access", "uvicorn.error", "alembic", "asyncio", "picows"):
        logging.getLogger(noisy).setLevel(max(number, logging.WARNING))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    return structlog.stdlib.get_logger(name)


def _clean(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # structlog's own entries start with an underscore and are not for the reader.
    for name, value in event.items():
        if name.startswith("_"):
            continue
        if _SECRET_NAME.search(name) and isinstance(value, (str, bytes)):
            event[name] = HIDDEN
        elif isinstance(value, str):
            event[name] = redact_text(value) if name == "exception" else inert(redact_text(value))
        elif isinstance(value, (Mapping, list, tuple)):
            event[name] = redact(cast("object", value))
    return event
