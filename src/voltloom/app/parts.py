"""What a node is made of before it runs: the features in their order, keys, authority, archive, journal.

Commands that only need the database stop here: no server, no gateway, no web framework is imported.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from voltloom.app.places import Addresses, files_folder, keys_folder
from voltloom.app.plugins import check_together, plugged_in, vat_validators
from voltloom.domain import events
from voltloom.domain.errors import Invalid
from voltloom.domain.events import Event
from voltloom.features import (
    access,
    authorization,
    battery_swap,
    certificates,
    charging_profiles,
    conformance,
    contracts,
    der,
    display,
    firmware,
    jobs,
    limits,
    load,
    local_authorization,
    logs,
    monitoring,
    overview,
    payments,
    reservations,
    settings,
    sites,
    stations,
    tariffs,
    transactions,
    uptime,
)
from voltloom.features.feature import Feature
from voltloom.infra.archive import Archive, Exchange
from voltloom.infra.database import Database, open_database
from voltloom.infra.files import FileStore
from voltloom.infra.journal import Journal
from voltloom.infra.keys import Envelope, insist_on_keys, key_file
from voltloom.infra.migrations import migrate, require_current
from voltloom.infra.outbound import Allowed, Guarded, Outbound, check_url
from voltloom.infra.settings import SettingError, Settings

EVENTS: tuple[type[Event], ...] = tuple(
    kind for _, kind in inspect.getmembers(events, inspect.isclass) if issubclass(kind, Event) and kind is not Event
)


_MUST_HAVE = {
    "optional": frozenset[access.Role](),
    "admins": frozenset({access.Role.ADMIN}),
    "everyone": frozenset(access.Role),
}


@dataclass(frozen=True, slots=True)
class Parts:
    """What features are made with, before there is a database."""

    config: stations.StationsConfig
    authority: certificates.Authority
    signers: certificates.Signers
    inquiry: certificates.Inquiry
    pool: contracts.Pool | None
    renew_before: timedelta
    archive: Archive
    factors: access.SecondFactors
    web_payments: Envelope
    receipts_at: str
    signer: access.Signer
    firmware: firmware.FirmwareConfig
    logs: logs.LogsConfig
    keys: Mapping[str, bytes]
    """What the rows of the database are made with: every node of a network has the same."""


def parts_of(settings: Settings, where: Addresses) -> Parts:
    """Makes keys and the certificate authority where there are none yet. Raises SettingError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        authority = certificates.Authority.open(settings.data_dir / "ca", settings.operator_name, datetime.now(UTC))
    except Invalid as error:
        raise SettingError(f"The certificate authority in {settings.data_dir / 'ca'}: {error.reason}.") from error
    outbound = _outbound(settings)
    archive = Archive(
        settings.data_dir / "archive",
        hot=timedelta(days=settings.messages_hot_days),
        kept=timedelta(days=settings.messages_days),
        most_bytes=settings.messages_archive_bytes,
    )
    files = files_folder(settings)
    passwords_key = key_file(keys_folder(settings), "station-passwords")
    factors_key = key_file(keys_folder(settings), "second-factors")
    payments_key = key_file(keys_folder(settings), payments.KEY)
    checkpoints_key = key_file(keys_folder(settings), "audit-checkpoints")
    return Parts(
        config=stations.StationsConfig(
            passwords=stations.Passwords(passwords_key),
            public_urls=where.stations,
            heartbeat_interval_s=settings.heartbeat_interval_s,
            archive=archive,
            vocabulary=vocabulary,
            explainer=explainer,
        ),
        authority=authority,
        signers=_signers(settings, authority, outbound),
        inquiry=certificates.Inquiry(outbound),
        pool=contracts.Pool(outbound, settings.contract_pool_url, _file(settings.contract_pool_token_file))
        if settings.contract_pool_url
        else None,
        renew_before=timedelta(days=settings.certificate_renew_days),
        archive=archive,
        factors=access.SecondFactors(Envelope({"1": factors_key}, "1"), _MUST_HAVE[settings.second_factor]),
        web_payments=Envelope({"1": payments_key}, "1"),
        receipts_at=_receipts_at(settings),
        signer=access.Signer(checkpoints_key),
        firmware=firmware.FirmwareConfig(FileStore(files / "firmware"), where.files, firmware_roots(settings)),
        logs=logs.LogsConfig(
            FileStore(files / "logs"),
            where.files,
            timedelta(days=settings.station_logs_days),
            settings.station_logs_bytes,
        ),
        keys={
            "station-passwords": passwords_key,
            "second-factors": factors_key,
            "audit-checkpoints": checkpoints_key,
            payments.KEY: payments_key,
            **{f"ca-{root.kind.value}": root.pem.encode() for root in authority.roots},
        },
    )


def firmware_roots(settings: Settings) -> tuple[x509.Certificate, ...]:
    """Raises SettingError."""
    if not settings.firmware_roots:
        return ()
    try:
        return tuple(certificates.read_roots(Path(settings.firmware_roots).expanduser().read_text()))
    except (OSError, ValueError, Invalid) as error:
        why = error.reason if isinstance(error, Invalid) else str(error)
        raise SettingError(f"The setting `firmware_roots` names {settings.firmware_roots}: {why}.") from error


def _outbound(settings: Settings) -> Outbound:
    """Raises SettingError."""
    roots = ""
    if settings.outbound_roots:
        try:
            roots = Path(settings.outbound_roots).read_text()
            certificates.read_roots(roots)
        except (OSError, UnicodeError) as error:
            raise SettingError(
                f"The setting `outbound_roots`: {settings.outbound_roots} cannot be read ({error})."
            ) from error
        except Invalid as error:
            raise SettingError(f"The setting `outbound_roots`: {error.reason}.") from error
    for name in ("station_authority_url", "vehicle_authority_url", "contract_pool_url"):
        if url := getattr(settings, name):
            try:
                check_url(url)
            except Guarded as error:
                raise SettingError(f"The setting `{name}` is {url!r}: {error.reason}.") from error
    return Outbound(Allowed.read(settings.outbound_allowed), roots)


def _signers(settings: Settings, authority: certificates.Authority, outbound: Outbound) -> certificates.Signers:
    own = certificates.OwnSigner(authority)
    token = _file(settings.authority_token_file)

    def signer(url: str) -> certificates.OwnSigner | certificates.EstSigner:
        return certificates.EstSigner(outbound, url, token, settings.operator_name) if url else own

    return certificates.Signers(signer(settings.station_authority_url), signer(settings.vehicle_authority_url))


def _receipts_at(settings: Settings) -> str:
    """Raises SettingError."""
    if settings.receipt_url:
        try:
            payments.check_receipts_at(settings.receipt_url)
        except Invalid as error:
            raise SettingError(f"The setting `receipt_url` is {settings.receipt_url!r}: {error.reason}.") from error
    return settings.receipt_url


def _file(name: str) -> Path | None:
    return Path(name) if name else None


def wrong_answer(protocol: str, action: str, frame: str) -> str:
    from voltloom.protocols.ocpp.inspection import wrong_answer

    return wrong_answer(protocol, action, frame)


def explainer(language: str) -> stations.Explainer:
    from voltloom.protocols.ocpp.inspection import inspect

    def explain(message: stations.Message, exchange: Exchange) -> stations.Message:
        told = inspect(
            exchange.protocol,
            exchange.action,
            exchange.call,
            exchange.answer,
            from_station=exchange.inbound,
            shown=message.payload,
            shown_answer=message.answer,
            error=message.error_code,
            language="de" if language == "de" else "en",
        )
        parts = (("call", told.broken_by_call), ("answer", told.broken_by_answer))
        broken = tuple(stations.Broken(part, *rule) for part, rules in parts for rule in rules)
        return replace(message, meaning=told.call, answer_meaning=told.answer, broken=broken)

    return explain


def vocabulary(protocol: str) -> stations.Vocabulary | None:
    # Commands of the terminal never ask, and start sooner without every message of every version.
    from voltloom.protocols.ocpp.dialect import DIALECTS, Version
    from voltloom.protocols.ocpp.wire import Sender

    dialect = next((DIALECTS[version] for version in Version if version.value == protocol), None)
    if dialect is None:
        return None
    return stations.Vocabulary(
        frozenset(stations.name_of_kind(kind) for kind in dialect.spoken),
        tuple(name for name, action in dialect.actions.items() if Sender.CSMS in action.sender),
    )


def features(parts: Parts) -> tuple[Feature, ...]:
    """Ours, in order: a feature builds on those before it. Then those of installed plug-ins. Raises SettingError."""
    after_stations = (
        certificates.feature(parts.authority, parts.signers, parts.inquiry, parts.renew_before),
        sites.feature,
        monitoring.feature,
        settings.feature,
        uptime.feature,
        authorization.feature,
        contracts.feature(parts.inquiry, parts.pool),
        transactions.feature,
        tariffs.feature,
        payments.feature(parts.web_payments, vat_validators(), parts.receipts_at),
        reservations.feature,
        display.feature,
        charging_profiles.feature,
        der.feature,
        battery_swap.feature,
        local_authorization.feature,
        limits.feature,
        conformance.feature(wrong_answer),
        jobs.feature,
        firmware.feature(parts.firmware),
        logs.feature(parts.logs),
        load.feature(),
        overview.feature,
        *plugged_in(),
    )
    extensions = tuple(each for feature in after_stations for each in feature.extensions)
    gatekeepers = tuple(each for feature in after_stations for each in feature.gatekeepers)
    all_of_them = (
        access.feature_with_checkpoints(parts.signer),
        stations.feature(replace(parts.config, extensions=extensions, gatekeepers=gatekeepers)),
        *after_stations,
    )
    check_together(all_of_them)
    return all_of_them


def journal_of(parts: Sequence[Feature], node: str) -> Journal:
    listeners: dict[str, list[str]] = {}
    for feature in parts:
        for listening in feature.listens:
            listeners.setdefault(listening.event.name, []).append(listening.name)
    return Journal(EVENTS, listeners, node)


async def open_records(settings: Settings, parts: Parts, *, owned: bool) -> Database:
    """The database, for a command. owned: no server has it, so it may be brought up to date."""
    database = await open_database(settings.database_url, journal=journal_of(features(parts), "cli"))
    try:
        await (migrate(database) if owned else require_current(database))
        await database.write(lambda connection, _: insist_on_keys(connection, parts.keys, settings.data_dir))
    except BaseException:
        await database.close()
        raise
    return database
