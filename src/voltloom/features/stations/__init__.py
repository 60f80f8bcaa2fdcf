"""Stations: who they are, how they prove it, what they last said, and what is asked of them.

The gateway uses `credentials` (a copy in memory, read by every handshake), `inbox` (who was refused) and
`rules.may_speak`; features built on stations use the names below.
"""

from datetime import timedelta

from voltloom.domain.reports import (
    BootReported,
    ConnectorStatusReported,
    DataReported,
    FaultReported,
    HeartbeatReported,
    LinkClosed,
    LinkOpened,
    SecurityReported,
    SettingsReported,
    Untranslated,
)
from voltloom.features.feature import Feature, answer, every
from voltloom.features.stations import answers, expiry, nodes
from voltloom.features.stations.aims import Aim, Automatic, Likeness, likeness_of, likenesses, removals
from voltloom.features.stations.answers import StationsConfig, Vocabulary
from voltloom.features.stations.asking import ask, document_of, keep_settings, name_of_kind, pruner, said_of, summary
from voltloom.features.stations.asking import check as check_command
from voltloom.features.stations.counting import NetworkCount, SiteCount, count_by_site, count_network, ids_in_site
from voltloom.features.stations.credentials import Credential, Credentials, Passwords
from voltloom.features.stations.door import adopt, dismiss, keep_door
from voltloom.features.stations.fleet import Conditions, Fleet, FleetRows, Member, read_fleet, search_stations
from voltloom.features.stations.inbox import Inbox, Knock, KnockReason
from voltloom.features.stations.inventory import (
    NameKey,
    WantedSettings,
    changes_of,
    count_values,
    find_across,
    name_key,
    values_held,
)
from voltloom.features.stations.listing import all_knocks, all_stations
from voltloom.features.stations.memory import StationState, remembered
from voltloom.features.stations.messages import Broken, Explainer, Message
from voltloom.features.stations.overall import (
    DANGEROUS,
    Fault,
    Known,
    Overall,
    Part,
    grave_rank,
    gravest,
    is_grave,
    overall,
)
from voltloom.features.stations.refusals import Refusal, read_refusals
from voltloom.features.stations.rules import (
    Allowance,
    Assembly,
    claimed_time,
    is_of_security,
    is_plausible,
    is_secret,
    may_speak,
    plain,
    plain_lines,
)
from voltloom.features.stations.service import (
    Caller,
    NewStation,
    Welcome,
    add_station,
    add_stations,
    change_station,
    close_stale_links,
    credentials_of,
    existing,
    remove_station,
    rotate_password,
)
from voltloom.features.stations.setting_changes import SettingChange
from voltloom.features.stations.store import SETTING_KEY, known_settings, setting_of

__all__ = [
    "DANGEROUS",
    "SETTING_KEY",
    "Aim",
    "Allowance",
    "Assembly",
    "Automatic",
    "Broken",
    "Caller",
    "Conditions",
    "Credential",
    "Credentials",
    "Explainer",
    "Fault",
    "Fleet",
    "FleetRows",
    "Inbox",
    "Knock",
    "KnockReason",
    "Known",
    "Likeness",
    "Member",
    "Message",
    "NameKey",
    "NetworkCount",
    "NewStation",
    "Overall",
    "Part",
    "Passwords",
    "Refusal",
    "SettingChange",
    "SiteCount",
    "StationState",
    "StationsConfig",
    "Vocabulary",
    "WantedSettings",
    "Welcome",
    "add_station",
    "add_stations",
    "adopt",
    "all_knocks",
    "all_stations",
    "ask",
    "change_station",
    "changes_of",
    "check_command",
    "claimed_time",
    "close_stale_links",
    "count_by_site",
    "count_network",
    "count_values",
    "credentials_of",
    "dismiss",
    "document_of",
    "existing",
    "feature",
    "find_across",
    "grave_rank",
    "gravest",
    "ids_in_site",
    "is_grave",
    "is_of_security",
    "is_plausible",
    "is_secret",
    "keep_door",
    "keep_settings",
    "known_settings",
    "likeness_of",
    "likenesses",
    "may_speak",
    "name_key",
    "name_of_kind",
    "nodes",
    "overall",
    "plain",
    "plain_lines",
    "read_fleet",
    "read_refusals",
    "remembered",
    "removals",
    "remove_station",
    "rotate_password",
    "said_of",
    "search_stations",
    "setting_of",
    "summary",
    "values_held",
]


def feature(config: StationsConfig) -> Feature:
    def routes() -> object:
        # A command line that only writes to the database needs no web framework.
        from voltloom.features.stations.api import router

        return router(config)

    return Feature(
        name="stations",
        answers=(
            answer(LinkOpened, answers.link_opened),
            answer(LinkClosed, answers.link_closed),
            answer(BootReported, answers.boot_answerer(config)),
            answer(HeartbeatReported, answers.heartbeat),
            answer(ConnectorStatusReported, answers.connector_status),
            answer(FaultReported, answers.fault),
            answer(SettingsReported, answers.settings),
            answer(SecurityReported, answers.security),
            answer(DataReported, answers.data_answerer(config)),
            answer(Untranslated, answers.untranslated),
        ),
        tasks=(
            every(timedelta(hours=6), pruner(config)),
            every(expiry.LOOK_EVERY, expiry.end_old_passwords),
            every(nodes.LOOK_EVERY, nodes.close_links_of_the_gone),
        ),
        memories=(remembered,),
        routes=routes,
    )
