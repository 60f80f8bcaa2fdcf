"""Whether a chain of certificates that a stranger shows leads to a root that the operator trusts. Pure.

Revocation is not looked at here: see `revocation`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from voltloom.domain.certificate import ContractVerdict
from voltloom.domain.errors import Invalid
from voltloom.features.certificates.hashes import has_signed

LONGEST_PEM: Final = 20_000
MOST_CERTIFICATES: Final = 6
"""A contract's has four: the contract, two between, a root."""
CLOCKS_DIFFER: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Path:
    """verdict   ACCEPTED: `certificates` leads from the leaf to a root that is trusted
    leaf      as far as one could be read
    why       a sentence, where it does not
    """

    verdict: ContractVerdict
    certificates: tuple[x509.Certificate, ...] = ()
    leaf: x509.Certificate | None = None
    why: str = ""

    @property
    def links(self) -> tuple[tuple[x509.Certificate, x509.Certificate], ...]:
        """Each certificate below the root, with its issuer."""
        return tuple(zip(self.certificates, self.certificates[1:], strict=False))


def read_chain(pem: str) -> tuple[x509.Certificate, ...]:
    """Raises Invalid."""
    if len(pem) > LONGEST_PEM:
        raise Invalid(f"a chain of certificates has at most {LONGEST_PEM} characters")
    try:
        found = tuple(x509.load_pem_x509_certificates(pem.encode()))
        # What cannot be read is found out here, and not in the middle of looking at it.
        for certificate in found:
            _ = certificate.extensions, certificate.public_key(), certificate.subject, certificate.issuer
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise Invalid("these are not certificates in PEM that can be read") from error
    except Exception as error:
        if type(error).__module__.startswith("cryptography."):
            raise Invalid("these certificates use what cannot be read here") from error
        raise
    if not 1 <= len(found) <= MOST_CERTIFICATES:
        raise Invalid(f"a chain has 1 to {MOST_CERTIFICATES} certificates; this has {len(found)}")
    return found


def read_one(pem: str) -> x509.Certificate:
    """Raises Invalid."""
    found = read_chain(pem)
    if len(found) != 1:
        raise Invalid(f"give one certificate; these are {len(found)}")
    return found[0]


def find_path(pem: str, roots: Sequence[x509.Certificate], now: datetime) -> Path:
    """From the first certificate upwards, by whichever of the others have issued it, in any order."""
    try:
        shown = read_chain(pem)
    except Invalid as error:
        return Path(ContractVerdict.CHAIN_ERROR, why=error.reason)
    leaf, *others = shown
    path = [leaf]
    while True:
        if len(path) > MOST_CERTIFICATES:
            return Path(ContractVerdict.CHAIN_ERROR, (), leaf, "its chain is too long")
        below = path[-1]
        if is_ca(leaf):
            return Path(ContractVerdict.CHAIN_ERROR, (), leaf, "its first certificate is an authority's")
        root, forged_root = _issuer(below, roots)
        if root is not None:
            path.append(root)
            break
        between, forged = _issuer(below, [each for each in others if is_ca(each)])
        if between is None or between in path:
            if forged or forged_root:
                return Path(ContractVerdict.SIGNATURE_ERROR, (), leaf, "a signature in its chain is not good")
            return Path(ContractVerdict.CHAIN_ERROR, (), leaf, "its chain leads to no root that is trusted here")
        path.append(between)
    return _checked(tuple(path), leaf, now)


def _issuer(below: x509.Certificate, among: Sequence[x509.Certificate]) -> tuple[x509.Certificate | None, bool]:
    """Who signed it; and whether one of that name has not."""
    forged = False
    for each in among:
        signed = has_signed(each, below)
        if signed:
            return each, False
        forged = forged or signed is False
    return None, forged


def _checked(path: tuple[x509.Certificate, ...], leaf: x509.Certificate, now: datetime) -> Path:
    for depth, certificate in enumerate(path):
        name = subject_text(certificate)
        if certificate.not_valid_after_utc < now - CLOCKS_DIFFER:
            return Path(ContractVerdict.EXPIRED, (), leaf, f"{name} has expired")
        if certificate.not_valid_before_utc > now + CLOCKS_DIFFER:
            return Path(ContractVerdict.CHAIN_ERROR, (), leaf, f"{name} is not valid yet")
        if depth == 0:
            continue
        if not is_ca(certificate):
            return Path(ContractVerdict.CHAIN_ERROR, (), leaf, f"{name} is no authority")
        most_below = _path_length(certificate)
        if most_below is not None and depth - 1 > most_below:
            return Path(ContractVerdict.CHAIN_ERROR, (), leaf, f"{name} may not have so many below it")
    return Path(ContractVerdict.ACCEPTED, path, leaf)


def is_ca(certificate: x509.Certificate) -> bool:
    """It says that it is an authority, and nothing in it says that it may not sign."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    try:
        may_sign = certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    except x509.ExtensionNotFound:
        may_sign = True
    return constraints.ca and may_sign


def _path_length(certificate: x509.Certificate) -> int | None:
    return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length


# ---- what certificates say


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def subject_text(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()[:200]


def common_name(certificate: x509.Certificate) -> str:
    """Empty unless there is exactly one."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if len(found) == 1 else ""


def responder_of(certificate: x509.Certificate) -> str:
    """The URL of the OCSP responder that it names; "" where it names none."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ""
    for entry in access:
        if entry.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
            entry.access_location, x509.UniformResourceIdentifier
        ):
            return entry.access_location.value
    return ""


def same_emaid(one: str, other: str) -> bool:
    """With or without hyphens, in any case, with or without the check digit at the end (15 characters, or 14)."""
    first, second = (text.replace("-", "").upper() for text in (one, other))
    if len(first) not in (14, 15) or len(second) not in (14, 15):
        return first == second and first != ""
    return first[:14] == second[:14] and (len(first) != len(second) or first == second)
