"""VAT numbers by their form, and what is kept of a payment. No I/O.

A VAT number is taken without blanks, dots and hyphens, in capitals; it begins with the two letters of its country, and
what follows has that country's form. That says that it can be one, not that anybody has it: that validators know.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias
from urllib.parse import quote

from voltloom.domain.errors import Invalid
from voltloom.domain.ids import StationId
from voltloom.domain.reports import Company, SettlementReported, SettlementStatus, VatReply

VatValidator: TypeAlias = Callable[[str], Awaitable[VatReply | None]]
"""Of a number in its plain form: what is known of it; None where this one knows nothing of that country."""

LONGEST_VAT: Final = 20
_SEPARATORS = re.compile(r"[ .\-]")
_FORMS: Final = {
    "AT": r"U[0-9]{8}",
    "BE": r"[01][0-9]{9}",
    "BG": r"[0-9]{9,10}",
    "CH": r"E[0-9]{9}(MWST|TVA|IVA)?",
    "CY": r"[0-9]{8}[A-Z]",
    "CZ": r"[0-9]{8,10}",
    "DE": r"[0-9]{9}",
    "DK": r"[0-9]{8}",
    "EE": r"[0-9]{9}",
    "EL": r"[0-9]{9}",
    "ES": r"[A-Z0-9][0-9]{7}[A-Z0-9]",
    "FI": r"[0-9]{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}[0-9]{9}",
    "GB": r"([0-9]{9}|[0-9]{12}|GD[0-4][0-9]{2}|HA[5-9][0-9]{2})",
    "HR": r"[0-9]{11}",
    "HU": r"[0-9]{8}",
    "IE": r"([0-9][A-Z0-9+*][0-9]{5}[A-Z]|[0-9]{7}[A-Z]{2})",
    "IT": r"[0-9]{11}",
    "LT": r"([0-9]{9}|[0-9]{12})",
    "LU": r"[0-9]{8}",
    "LV": r"[0-9]{11}",
    "MT": r"[0-9]{8}",
    "NL": r"[A-Z0-9+*]{9}B[A-Z0-9+*]{2}",
    "NO": r"[0-9]{9}(MVA)?",
    "PL": r"[0-9]{10}",
    "PT": r"[0-9]{9}",
    "RO": r"[0-9]{2,10}",
    "SE": r"[0-9]{10}01",
    "SI": r"[0-9]{8}",
    "SK": r"[0-9]{10}",
    "XI": r"([0-9]{9}|[0-9]{12}|GD[0-4][0-9]{2}|HA[5-9][0-9]{2})",
}
_PATTERNS: Final = {country: re.compile(form) for country, form in _FORMS.items()}


def plain_vat(number: str) -> str:
    return _SEPARATORS.sub("", number).upper()


def why_no_vat(number: str) -> str:
    """What is wrong with its form; "" for nothing. ``number``: in its plain form."""
    country, rest = number[:2], number[2:]
    pattern = _PATTERNS.get(country)
    if pattern is None:
        return "no VAT number of a country whose form is known"
    return "" if pattern.fullmatch(rest) else f"not the form of a VAT number of {country}"


_PLACEHOLDER: Final = re.compile(r"\{([a-z_]*)\}")
_OF_A_RECEIPT: Final = {"station_id", "psp_ref", "transaction_id"}
LONGEST_URL: Final = 2000


def check_receipts_at(template: str) -> None:
    """Raises Invalid."""
    names = set(_PLACEHOLDER.findall(template))
    if not re.match(r"https?://[^{}\s/]+/", template) or "psp_ref" not in names or not names <= _OF_A_RECEIPT:
        raise Invalid(
            "receipts are at https://…, with {psp_ref} in it, and {station_id} and {transaction_id} if you like"
        )


def receipt_at(template: str, station_id: StationId, report: SettlementReported) -> str:
    """The address of a receipt of ours, for the station to show; "" for none."""
    said = {"station_id": station_id, "psp_ref": report.psp_ref, "transaction_id": report.transaction_id or ""}
    address = _PLACEHOLDER.sub(lambda found: quote(said.get(found[1], ""), safe=""), template)
    return address if len(address) <= LONGEST_URL else ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """As the station told it. amount: in the currency of the station."""

    number: int
    station_id: StationId
    psp_ref: str
    status: SettlementStatus
    amount: Decimal
    at: datetime
    heard_at: datetime
    transaction_id: str = ""
    receipt_id: str = ""
    receipt_url: str = ""
    info: str = ""
    vat_number: str = ""
    company: Company | None = None
