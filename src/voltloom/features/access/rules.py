"""Who may do what. Pure; the time is an argument."""

from dataclasses import dataclass
from enum import Enum


class Scope(Enum):
    """What a call needs. Denied unless the actor has it."""

    STATIONS_READ = "stations:read"
    STATIONS_WRITE = "stations:write"
    STATIONS_COMMAND = "stations:command"
    MESSAGES_READ = "messages:read"
    SITES_READ = "sites:read"
    SITES_WRITE = "sites:write"
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    TRANSACTIONS_READ = "transactions:read"
    TRANSACTIONS_WRITE = "transactions:write"
    EVENTS_READ = "events:read"
    METRICS_READ = "metrics:read"
    AUDIT_READ = "audit:read"
    ACCESS_WRITE = "access:write"
    """People, roles, API keys."""


READ = frozenset(
    {
        Scope.STATIONS_READ,
        Scope.SITES_READ,
        Scope.TOKENS_READ,
        Scope.TRANSACTIONS_READ,
        Scope.EVENTS_READ,
        Scope.MESSAGES_READ,
        Scope.METRICS_READ,
    }
)


class Role(Enum):
    """viewer sees; technician also commands and repairs stations; operator also runs the business; admin also
    decides who may."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    OPERATOR = "operator"
    ADMIN = "admin"

    @property
    def scopes(self) -> frozenset[Scope]:
        return SCOPES_BY_ROLE[self]


SCOPES_BY_ROLE = {
    Role.VIEWER: READ,
    Role.TECHNICIAN: READ | {Scope.STATIONS_COMMAND, Scope.STATIONS_WRITE},
    Role.OPERATOR: READ
    | {
        Scope.STATIONS_COMMAND,
        Scope.STATIONS_WRITE,
        Scope.SITES_WRITE,
        Scope.TOKENS_WRITE,
        Scope.TRANSACTIONS_WRITE,
        Scope.AUDIT_READ,
    },
    Role.ADMIN: frozenset(Scope),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person, an API key, or this machine's own command line.

    kind      "person", "api_key" or "local"
    address   where the call came from, for the audit log; "" for this machine's own
    """

    kind: str
    id: str
    name: str
    scopes: frozenset[Scope]
    address: str = ""

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes
