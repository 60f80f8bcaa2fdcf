"""What stations report about themselves, and what they are answered. Decided from memory, written in the same work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from voltloom.domain.events import (
    ConnectorStatusChanged,
    FaultNoticed,
    SecurityNoticed,
    SettingsReceived,
    StationBooted,
    StationChanged,
    StationConnected,
    StationDisconnected,
)
from voltloom.domain.ids import Place
from voltloom.domain.reports import (
    NOTED,
    BootReply,
    BootReported,
    ConnectorStatusReported,
    DataReply,
    DataReported,
    FaultReported,
    HeartbeatReply,
    HeartbeatReported,
    LinkClosed,
    LinkOpened,
    Noted,
    SecurityReported,
    SettingsReported,
    Untranslated,
)
from voltloom.domain.station import Registration, SecurityProfile, Setting
from voltloom.features.feature import DataHandler, Extension, Gatekeeper, StationContext
from voltloom.features.stations import rules, store
from voltloom.features.stations.credentials import Passwords
from voltloom.features.stations.memory import FaultKey, StationState, remembered
from voltloom.features.stations.messages import Explainer
from voltloom.features.stations.rules import Allowance, Assembly, plain
from voltloom.infra.archive import Archive

SEEN_EVERY = timedelta(minutes=5)
"""A heartbeat is written this often: ten thousand stations that beat would otherwise be all the database does."""
MOST_SETTINGS = 20_000
MOST_FAULTS = 100
MOST_ASSEMBLIES = 8


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What may be asked of a station in its version of OCPP. A command in it may still be refused for what is in it.

    commands   by `asking.name_of`
    actions    that a station hears: for raw calls
    """

    commands: frozenset[str]
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StationsConfig:
    """What the feature is told by the settings of the node.

    passwords             hashes station passwords; its key lies outside the database
    public_urls           where stations find us, e.g. "wss://csms.example.com/ocpp": an identity is appended
    heartbeat_interval_s  what an accepted station is told
    pending_retry_s, rejected_retry_s   how long it shall wait before it boots again
    extensions            what answers vendors' own messages
    commands_kept         how long what was asked of stations is remembered
    gatekeepers           who may hold a station back that would be accepted
    archive               where messages lie that are no longer in the database; None: nowhere
    vocabulary            what a version of OCPP, named by its subprotocol, has words for; None for one unknown
    explainer             by language ("en", "de"): what tells what a message means
    """

    passwords: Passwords
    public_urls: tuple[str, ...] = ()
    heartbeat_interval_s: int = 300
    pending_retry_s: int = 60
    rejected_retry_s: int = 600
    extensions: tuple[Extension, ...] = ()
    commands_kept: timedelta = timedelta(days=400)
    gatekeepers: tuple[Gatekeeper, ...] = ()
    archive: Archive | None = None
    vocabulary: Callable[[str], Vocabulary | None] = lambda protocol: None
    explainer: Callable[[str], Explainer] | None = None


# ---- the link


def link_opened(ctx: StationContext, report: LinkOpened) -> Noted:
    state = ctx.recall(remembered)
    profile = SecurityProfile(report.security_profile)
    reached = max(profile, state.profile_reached)
    ctx.work.write(
        store.OPEN_LINK,
        plain(report.node, 100),
        plain(report.address, 64),
        plain(report.protocol, 20),
        profile,
        reached,
        report.at,
        report.at,
        ctx.station_id,
    )
    ctx.work.tell(StationConnected(ctx.station_id, report.at, report.address, report.protocol, profile))
    if reached is not state.profile_reached:
        # From now on it may not come back with less (C07): whoever holds credentials must know.
        ctx.work.tell(StationChanged(ctx.station_id, report.at, "reached"))
    state.profile_reached = reached
    state.last_seen = report.at
    return NOTED


def link_closed(ctx: StationContext, report: LinkClosed) -> Noted:
    if report.replaced:
        return NOTED
    reason = plain(report.reason, 200)
    ctx.work.write(store.CLOSE_LINK, report.at, reason, report.at, ctx.station_id, plain(report.node, 100))
    ctx.work.tell(StationDisconnected(ctx.station_id, report.at, reason))
    ctx.recall(remembered).last_seen = report.at
    return NOTED


# ---- boot and heartbeat


def boot_answerer(config: StationsConfig) -> Callable[[StationContext, BootReported], BootReply]:
    intervals = {
        Registration.ACCEPTED: config.heartbeat_interval_s,
        Registration.PENDING: config.pending_retry_s,
        Registration.REJECTED: config.rejected_retry_s,
    }

    def booted(ctx: StationContext, report: BootReported) -> BootReply:
        state = ctx.recall(remembered)
        hardware = rules.plain_hardware(report.hardware)
        reason = report.reason.value if report.reason else ""
        registration, why = state.policy, ""
        if registration is Registration.ACCEPTED:
            why = next(filter(None, (keeper(ctx, report) for keeper in config.gatekeepers)), "")
            registration = Registration.PENDING if why else registration
        ctx.work.write(
            store.BOOT,
            *(getattr(hardware, name) for name in store.HARDWARE),
            registration.value,
            ctx.now,
            reason,
            ctx.now,
            ctx.station_id,
        )
        ctx.work.tell(
            StationBooted(
                ctx.station_id,
                ctx.now,
                registration.value,
                hardware.vendor,
                hardware.model,
                hardware.firmware,
                reason,
            )
        )
        state.registration = registration
        state.hardware = hardware
        state.booted_at = state.last_seen = ctx.now
        state.unconfirmed = set(state.connectors)
        state.assemblies.clear()
        return BootReply(registration, ctx.now, intervals[registration], why)

    return booted


def heartbeat(ctx: StationContext, report: HeartbeatReported) -> HeartbeatReply:
    state = ctx.recall(remembered)
    if state.last_seen is None or ctx.now - state.last_seen >= SEEN_EVERY:
        ctx.work.write(store.SEEN, ctx.now, ctx.station_id)
        state.last_seen = ctx.now
    return HeartbeatReply(ctx.now)


# ---- connectors and faults


def connector_status(ctx: StationContext, report: ConnectorStatusReported) -> Noted:
    state = ctx.recall(remembered)
    place = report.place
    known = state.connectors.get(place)
    if not rules.is_plausible(place) or (known is None and len(state.connectors) >= rules.MOST_PLACES):
        _notice(ctx, "implausible_connector", f"a status of EVSE {place.evse}, connector {place.connector} was dropped")
        return NOTED
    heard = rules.hear(known, report, ctx.now, unconfirmed=place in state.unconfirmed)
    if heard is None:
        return NOTED
    state.connectors[place] = heard
    state.unconfirmed.discard(place)
    now = heard.connector
    if known is not None and now is known.connector:
        return NOTED
    ctx.work.write(
        store.PUT_CONNECTOR, ctx.station_id, place.evse, place.connector or 0, now.status.value, now.since, now.fault
    )
    previous = known.connector.status.value if known else ""
    ctx.work.tell(
        ConnectorStatusChanged(
            ctx.station_id, place.evse, place.connector, now.since, now.status.value, previous, now.fault
        )
    )
    return NOTED


def fault(ctx: StationContext, report: FaultReported) -> Noted:
    state = ctx.recall(remembered)
    place = report.place
    key = FaultKey(place, plain(report.code, 100), plain(report.vendor_code, 50))
    if report.cleared:
        for ended in [known for known in state.faults if _ends(key, known)]:
            state.faults.remove(ended)
            ctx.work.write(
                store.END_FAULT, ctx.station_id, place.evse, place.connector or 0, ended.code, ended.vendor_code
            )
            _tell_fault(ctx, ended, report)
        return NOTED
    if key in state.faults:
        return NOTED
    if not rules.is_plausible(place) or len(state.faults) >= MOST_FAULTS:
        _notice(ctx, "too_many_faults", f"the fault {key.code} at EVSE {place.evse} was dropped")
        return NOTED
    state.faults.add(key)
    at = rules.claimed_time(report.at, ctx.now)
    ctx.work.write(
        store.PUT_FAULT,
        ctx.station_id,
        place.evse,
        place.connector or 0,
        key.code,
        key.vendor_code,
        plain(report.vendor_id, 255),
        plain(report.text, 500),
        at,
    )
    _tell_fault(ctx, key, report)
    return NOTED


def _ends(end: FaultKey, known: FaultKey) -> bool:
    """The end of a fault names it, or (no code) ends all at its place."""
    if known.place != end.place:
        return False
    return not end.code or (known.code == end.code and end.vendor_code in {"", known.vendor_code})


def _tell_fault(ctx: StationContext, key: FaultKey, report: FaultReported) -> None:
    if not _may_tell(ctx):
        return
    ctx.work.tell(
        FaultNoticed(
            ctx.station_id,
            key.place.evse,
            key.place.connector,
            rules.claimed_time(report.at, ctx.now),
            key.code,
            key.vendor_code,
            plain(report.text, 500),
            report.cleared,
        )
    )


# ---- settings


async def settings(ctx: StationContext, report: SettingsReported) -> Noted:
    """Each part is kept as it comes. When all are here and they are the whole inventory, what none of them held
    is forgotten."""
    state = ctx.recall(remembered)
    held = await ctx.database.read(lambda connection: store.count_settings(connection, ctx.station_id))
    if held + len(report.settings) > MOST_SETTINGS:
        _notice(ctx, "too_many_settings", f"{len(report.settings)} settings were dropped: {held} are kept already")
        return NOTED
    assembly = _assembly(state, report, ctx.now)
    assembly.full = assembly.full or report.full
    assembly.add(report.part, report.more, len(report.settings))
    rows = {row[:8]: row for row in (store.setting_row(ctx.station_id, bounded(s), ctx.now) for s in report.settings)}
    for row in rows.values():
        ctx.work.write(store.PUT_SETTING, *row)
    if assembly.complete:
        del state.assemblies[report.report_id]
        if assembly.full:
            ctx.work.write(store.FORGET_UNREPORTED_SETTINGS, ctx.station_id, assembly.began_at)
        ctx.work.tell(SettingsReceived(ctx.station_id, ctx.now, report.report_id, assembly.count))
    return NOTED


def _assembly(state: StationState, report: SettingsReported, now: datetime) -> Assembly:
    found = state.assemblies.get(report.report_id)
    if found is None:
        if len(state.assemblies) >= MOST_ASSEMBLIES:
            del state.assemblies[next(iter(state.assemblies))]
        found = state.assemblies[report.report_id] = Assembly(now)
    return found


def bounded(setting: Setting) -> Setting:
    """Cut to what a table takes; the value only where it is no secret."""
    name = setting.name
    place = name.place if name.place and rules.is_plausible(name.place) else None
    value = setting.value
    if rules.is_secret(name):
        value = None
    return replace(
        setting,
        name=replace(
            name,
            component=plain(name.component, 50),
            variable=plain(name.variable, 50),
            component_instance=plain(name.component_instance, 50),
            variable_instance=plain(name.variable_instance, 50),
            place=Place(place.evse, place.connector) if place else None,
        ),
        value=None if value is None else rules.plain_lines(value, 5_000),
        data_type=plain(setting.data_type, 20),
        unit=plain(setting.unit, 20),
        values_list=plain(setting.values_list, 1_000),
    )


# ---- the rest


def security(ctx: StationContext, report: SecurityReported) -> Noted:
    if _may_tell(ctx):
        at = rules.claimed_time(report.at, ctx.now)
        kind = f"station:{plain(report.kind, 50)}"
        ctx.work.tell(SecurityNoticed(kind, at, ctx.station_id, plain(report.text, 255)))
    return NOTED


def data_answerer(config: StationsConfig) -> DataHandler:
    vendors: dict[str, dict[str | None, DataHandler]] = {}
    for each in config.extensions:
        vendors.setdefault(each.vendor_id, {})[each.message_id] = each.handler

    def data(ctx: StationContext, report: DataReported) -> DataReply | Awaitable[DataReply]:
        messages = vendors.get(report.vendor_id.casefold())
        if messages is None:
            return DataReply("UnknownVendorId")
        handler = messages.get(report.message_id.casefold()) or messages.get(None)
        return DataReply("UnknownMessageId") if handler is None else handler(ctx, report)

    return data


def untranslated(ctx: StationContext, report: Untranslated) -> Noted:
    return NOTED


def _notice(ctx: StationContext, kind: str, text: str) -> None:
    if _may_tell(ctx):
        ctx.work.tell(SecurityNoticed(kind, ctx.now, ctx.station_id, text))


def _may_tell(ctx: StationContext) -> bool:
    """Events are kept for long: one station may make 60 of these at once, then one in ten seconds. That it makes
    more is told, once a bout."""
    state = ctx.recall(remembered)
    allowance = state.notices
    if allowance is None:
        allowance = state.notices = Allowance.of(60, timedelta(seconds=10), ctx.now)
    if allowance.take(ctx.now):
        if allowance.left > 30:
            allowance.refused = 0
        return True
    if allowance.refused == 1:
        ctx.work.tell(
            SecurityNoticed(
                "too_many_notices",
                ctx.now,
                ctx.station_id,
                "faults or security events come too fast: some are not told",
            )
        )
    return False
