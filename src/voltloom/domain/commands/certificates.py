"""Certificates of a station: its own, signed; and those it trusts."""

from dataclasses import dataclass

from voltloom.domain.certificate import CertificateHash, CertificateUse, Installed, SigningUse
from voltloom.domain.commands.base import Accepted, Answer, Command


@dataclass(frozen=True, slots=True)
class SendSignedCertificate(Command[Answer]):
    """What a station asked for, signed.

    chain        PEM, from the station's own certificate upwards, without the root
    use          None: for everything it has a certificate for
    request_id   the number that it asked with (2.1)
    """

    chain: str
    use: SigningUse | None = None
    request_id: int | None = None


@dataclass(frozen=True, slots=True)
class InstallCertificate(Command[Answer]):
    """Trust this one from now on. certificate: PEM."""

    use: CertificateUse
    certificate: str


@dataclass(frozen=True, slots=True)
class DeleteCertificate(Command[Answer]):
    """use: what it is known to be for. 1.6 keeps those of ISO 15118 apart: None there means that both are asked."""

    hash: CertificateHash
    use: CertificateUse | None = None


@dataclass(frozen=True, slots=True)
class InstalledAnswer:
    """What a station has. status: its own word; "NotFound" for none at all, which is an answer.

    uses   which it was understood to have told of: what is not in `certificates` of these, it does not have
    """

    accepted: Accepted
    status: str
    certificates: tuple[Installed, ...] = ()
    uses: tuple[CertificateUse, ...] = ()


@dataclass(frozen=True, slots=True)
class ListCertificates(Command[InstalledAnswer]):
    """uses: none for all that the version can tell of."""

    uses: tuple[CertificateUse, ...] = ()
