"""CALLERROR codes: what they mean, and how each version spells them."""

from enum import Enum
from typing import Final

from voltloom.protocols.ocpp.version import Version


class ErrorCode(Enum):
    """The kinds of mistake all versions tell apart. The value is the spelling of 2.x, OCPP 2.0.1 Part 4 §4.3."""

    FORMAT = "FormatViolation"
    """The payload breaks the shape of its action in a way no other code names."""
    GENERIC = "GenericError"
    INTERNAL = "InternalError"
    """Ours: the message was good and could not be dealt with now."""
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    """The action is not known."""
    NOT_SUPPORTED = "NotSupported"
    """The action is known, and not for this receiver."""
    OCCURRENCE = "OccurrenceConstraintViolation"
    """A field is missing, or there are too few or too many of it."""
    PROPERTY = "PropertyConstraintViolation"
    """A field's value is not one of those allowed."""
    PROTOCOL = "ProtocolError"
    """There is no payload, or it is no object."""
    RPC_FRAMEWORK = "RpcFrameworkError"
    """The frame is none: not JSON, not within the limits, not of the elements it must have."""
    SECURITY = "SecurityError"
    TYPE = "TypeConstraintViolation"
    """A field is of another JSON type."""


# OCPP 1.6J §4.2.3, with the two slips that its errata keep (5.1, 5.2). 1.6 has ten codes for the twelve of 2.x.
_IN_16: Final = {
    ErrorCode.FORMAT: "FormationViolation",
    ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED: "GenericError",
    ErrorCode.OCCURRENCE: "OccurenceConstraintViolation",
    ErrorCode.RPC_FRAMEWORK: "FormationViolation",
}

_BY_SPELLING: Final = {code.value.lower(): code for code in ErrorCode} | {
    "formationviolation": ErrorCode.FORMAT,
    "occurenceconstraintviolation": ErrorCode.OCCURRENCE,
    "messagetypeerrorsupported": ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,  # so printed in OCPP 2.0.1 Part 4 §4.4
}


def spell(code: ErrorCode, version: Version) -> str:
    return _IN_16.get(code, code.value) if version is Version.V16 else code.value


def read_code(spelling: str) -> ErrorCode:
    """The code, in whichever version's spelling and case; GENERIC where it is in none."""
    return _BY_SPELLING.get(spelling.strip().lower(), ErrorCode.GENERIC)


# What the other end is told. Constant: our reasons, which may quote what we hold, go to the log alone.
_TEXTS: Final = {
    ErrorCode.FORMAT: "The payload is not formed as its action demands",
    ErrorCode.GENERIC: "The message could not be processed",
    ErrorCode.INTERNAL: "The message could not be processed now",
    ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED: "Messages of this type are not supported",
    ErrorCode.NOT_IMPLEMENTED: "The action is not known",
    ErrorCode.NOT_SUPPORTED: "The action is not supported here",
    ErrorCode.OCCURRENCE: "A field is missing, or occurs too often or too seldom",
    ErrorCode.PROPERTY: "A field has a value that is not allowed",
    ErrorCode.PROTOCOL: "The payload is missing or is no object",
    ErrorCode.RPC_FRAMEWORK: "The message is not a valid OCPP-J message",
    ErrorCode.SECURITY: "A security rule forbids this",
    ErrorCode.TYPE: "A field is of the wrong type",
}


def text_of(code: ErrorCode) -> str:
    return _TEXTS[code]
