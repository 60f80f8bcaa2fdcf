"""Payments at the station (2.1)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from voltloom.domain.ids import TransactionId
from voltloom.domain.reports.base import Report


class SettlementStatus(Enum):
    SETTLED = "Settled"
    CANCELED = "Canceled"
    REJECTED = "Rejected"
    """By the payment service."""
    FAILED = "Failed"
    """It could not be reached, or the like."""


@dataclass(frozen=True, slots=True)
class Company:
    """Whose VAT number it is."""

    name: str
    address1: str
    city: str
    country: str
    address2: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True)
class SettlementReply:
    """Where the receipt is, if we make it."""

    receipt_id: str = ""
    receipt_url: str = ""


@dataclass(frozen=True, slots=True)
class SettlementReported(Report[SettlementReply]):
    """What became of a payment. psp_ref: of the payment service; the value of the id token.

    transaction_id   None: it was cancelled before one began
    """

    psp_ref: str
    status: SettlementStatus
    amount: Decimal
    at: datetime | None
    transaction_id: TransactionId | None = None
    receipt_id: str = ""
    receipt_url: str = ""
    info: str = ""
    vat_number: str = ""
    company: Company | None = None


@dataclass(frozen=True, slots=True)
class VatReply:
    accepted: bool
    company: Company | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VatNumberReported(Report[VatReply]):
    """A driver wants a receipt for a company: is that its number?"""

    number: str
    evse: int | None = None
