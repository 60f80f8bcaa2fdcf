import pytest

from voltloom.protocols.ocpp.errors import ErrorCode, read_code, spell, text_of
from voltloom.protocols.ocpp.version import Version

IN_16 = {
    "NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError", "FormationViolation",
    "PropertyConstraintViolation", "OccurenceConstraintViolation", "TypeConstraintViolation", "GenericError",
}  # fmt: skip
IN_2 = {
    "NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError", "FormatViolation",
    "PropertyConstraintViolation", "OccurrenceConstraintViolation", "TypeConstraintViolation", "GenericError",
    "MessageTypeNotSupported", "RpcFrameworkError",
}  # fmt: skip


def test_1_6_says_none_but_its_own_ten_codes() -> None:
    assert {spell(code, Version.V16) for code in ErrorCode} == IN_16


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
def test_2_x_says_none_but_its_own_twelve_codes(version: Version) -> None:
    assert {spell(code, version) for code in ErrorCode} == IN_2


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("code", [code for code in ErrorCode if code is not ErrorCode.GENERIC])
def test_what_is_spelled_is_read_again(code: ErrorCode, version: Version) -> None:
    read = read_code(spell(code, version))
    assert read is code or (version is Version.V16 and spell(read, version) == spell(code, version))


def test_codes_of_other_versions_and_other_cases_are_read() -> None:
    assert read_code("FormationViolation") is read_code("formatViolation ") is ErrorCode.FORMAT
    assert read_code("OccurenceConstraintViolation") is ErrorCode.OCCURRENCE
    assert read_code("ThisIsNoCode") is read_code("") is ErrorCode.GENERIC


def test_every_code_has_a_text_that_fits() -> None:
    assert all(0 < len(text_of(code)) <= 255 for code in ErrorCode)
