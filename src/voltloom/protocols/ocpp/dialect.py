"""What a version of OCPP is to the rest of the house: a `Dialect`, stateless and shared by all sessions.

    read = DIALECTS[Version.V16].read_call("MeterValues", payload, heard_at=now)       # Read or Refusal
    reply = answer(read.reports[0])                                                    # a feature's
    frame = [3, id, read.write(reply)]

    conversation = DIALECTS[Version.V201].converse(Reset(ResetKind.ON_IDLE))           # see exchange.Conversation

Messages without a translator are still typed, reported as `Untranslated`, and answered: empty where the schema allows
it, otherwise with what refuses honestly (the `MODEST` table of each version).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

import msgspec

from voltloom.domain.commands import Command, OutcomeT, RawAnswer, RawCall
from voltloom.domain.errors import Invalid, NotInThisVersion
from voltloom.domain.ids import JsonText
from voltloom.domain.reports import Report, Untranslated
from voltloom.protocols.ocpp import v2, v16
from voltloom.protocols.ocpp.exchange import Call, Conversation, Payload, Read, Refusal
from voltloom.protocols.ocpp.version import Version
from voltloom.protocols.ocpp.wire import Action, Sender, Wire, read, write

__all__ = ["DIALECTS", "Call", "Conversation", "Dialect", "Payload", "Read", "Refusal", "Version"]
