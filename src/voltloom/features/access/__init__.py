"""Networks, people, roles, sign-in, API keys, audit log: who may do what, and who did."""

from voltloom.features.access.audit import note
from voltloom.features.access.rules import Actor, Role, Scope

__all__ = ["Actor", "Role", "Scope", "note"]
