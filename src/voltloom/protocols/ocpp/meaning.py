"""What a message means, in one sentence, for people who do not read OCPP. English and German; made of what it says.

A sentence is a pattern over the message's fields: `{path}` is what is found there (`a|b`: the first that is there;
`*` in a path: the first of a list; `#path`: how many), and what stands in [brackets] is left out where one of its
fields is not there; of patterns with `||` between, the first that can be filled is taken. Messages without a pattern
are told by their name and the fields that say most.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, cast

Language = Literal["en", "de"]
Pair = tuple[str, str]

_LONGEST: Final = 80
_MOST_FIELDS: Final = 5

_FROM_STATION: Final[Mapping[str, Pair]] = {
    "Authorize": (
        "The station asks whether token {idTag|idToken.idToken} may charge.",
        "Die Station fragt, ob Token {idTag|idToken.idToken} laden darf.",
    ),
    "BootNotification": (
        "The station has started[ ({reason})]: {chargePointVendor|chargingStation.vendorName} "
        "{chargePointModel|chargingStation.model}[, firmware {firmwareVersion|chargingStation.firmwareVersion}].",
        "Die Station ist gestartet[ ({reason})]: {chargePointVendor|chargingStation.vendorName} "
        "{chargePointModel|chargingStation.model}[, Firmware {firmwareVersion|chargingStation.firmwareVersion}].",
    ),
    "DataTransfer": (
        "The station sends a message of its vendor {vendorId}[: {messageId}].",
        "Die Station sendet eine eigene Nachricht des Herstellers {vendorId}[: {messageId}].",
    ),
    "DiagnosticsStatusNotification": (
        "The station's upload of diagnostics: {status}.",
        "Hochladen der Diagnosedaten der Station: {status}.",
    ),
    "FirmwareStatusNotification": (
        "The station's firmware update: {status}[, request {requestId}].",
        "Firmware-Update der Station: {status}[, Auftrag {requestId}].",
    ),
    "Heartbeat": ("The station is there, and asks for the time.", "Die Station ist da und fragt nach der Uhrzeit."),
    "LogStatusNotification": (
        "The station's upload of a log: {status}[, request {requestId}].",
        "Hochladen eines Protokolls der Station: {status}[, Auftrag {requestId}].",
    ),
    "MeterValues": (
        "Meter of EVSE {evseId|connectorId}[ for transaction {transactionId}]: values of {#meterValue} times[, first "
        "{meterValue.*.sampledValue.*.measurand} {meterValue.*.sampledValue.*.value}].",
        "Zähler von EVSE {evseId|connectorId}[ für Transaktion {transactionId}]: Werte von {#meterValue} Zeiten"
        "[, zuerst {meterValue.*.sampledValue.*.measurand} {meterValue.*.sampledValue.*.value}].",
    ),
    "NotifyEvent": (
        "The station reports {#eventData} events[, first {eventData.*.component.name}.{eventData.*.variable.name}: "
        "{eventData.*.actualValue}].",
        "Die Station meldet {#eventData} Ereignisse[, zuerst {eventData.*.component.name}.{eventData.*.variable.name}: "
        "{eventData.*.actualValue}].",
    ),
    "NotifyReport": (
        "Part {seqNo} of the report {requestId}[, with {#reportData} settings].",
        "Teil {seqNo} des Berichts {requestId}[ mit {#reportData} Einstellungen].",
    ),
    "ReservationStatusUpdate": (
        "Reservation {reservationId} is over: {reservationUpdateStatus}.",
        "Reservierung {reservationId} ist vorbei: {reservationUpdateStatus}.",
    ),
    "SecurityEventNotification": (
        "The station notes for its security: {type}[ ({techInfo})].",
        "Sicherheitsereignis der Station: {type}[ ({techInfo})].",
    ),
    "SignCertificate": (
        "The station asks for a certificate[ ({certificateType})].",
        "Die Station bittet um ein Zertifikat[ ({certificateType})].",
    ),
    "StartTransaction": (
        "Charging begins at connector {connectorId} for token {idTag}, with the meter at {meterStart} Wh"
        "[, reservation {reservationId}].",
        "Ein Ladevorgang beginnt an Anschluss {connectorId} für Token {idTag}, Zählerstand {meterStart} Wh"
        "[, Reservierung {reservationId}].",
    ),
    "StatusNotification": (
        "EVSE {evseId}, connector {connectorId} is {connectorStatus}.||Connector {connectorId} is {status}"
        "[ (error {errorCode})][: {info}].",
        "EVSE {evseId}, Anschluss {connectorId} ist {connectorStatus}.||Anschluss {connectorId} ist {status}"
        "[ (Fehler {errorCode})][: {info}].",
    ),
    "StopTransaction": (
        "Transaction {transactionId} ended with the meter at {meterStop} Wh[ ({reason})][, by token {idTag}].",
        "Transaktion {transactionId} endete bei Zählerstand {meterStop} Wh[ ({reason})][, mit Token {idTag}].",
    ),
    "TransactionEvent": (
        "Transaction {transactionInfo.transactionId}: {eventType} ({triggerReason})[ at EVSE {evse.id}]"
        "[, {transactionInfo.chargingState}][, token {idToken.idToken}][, ended by {transactionInfo.stoppedReason}], "
        "report {seqNo}.",
        "Transaktion {transactionInfo.transactionId}: {eventType} ({triggerReason})[ an EVSE {evse.id}]"
        "[, {transactionInfo.chargingState}][, Token {idToken.idToken}][, Ende: {transactionInfo.stoppedReason}], "
        "Bericht {seqNo}.",
    ),
}

_TO_STATION: Final[Mapping[str, Pair]] = {
    "CancelReservation": ("We give up reservation {reservationId}.", "Wir heben die Reservierung {reservationId} auf."),
    "ChangeAvailability": (
        "We ask that {evse.id|connectorId}[ connector {evse.connectorId}] be {operationalStatus|type}.",
        "Wir verlangen, dass {evse.id|connectorId}[ Anschluss {evse.connectorId}] {operationalStatus|type} ist.",
    ),
    "ChangeConfiguration": ("We set {key} to {value}.", "Wir setzen {key} auf {value}."),
    "ClearCache": (
        "We have the station forget the tokens that it remembers.",
        "Die Station soll die Token vergessen, die sie sich gemerkt hat.",
    ),
    "ClearChargingProfile": (
        "We take charging profiles away[: number {id|chargingProfileId}].",
        "Wir nehmen Ladeprofile weg[: Nummer {id|chargingProfileId}].",
    ),
    "DataTransfer": (
        "We send a message of the vendor {vendorId}[: {messageId}].",
        "Wir senden eine eigene Nachricht des Herstellers {vendorId}[: {messageId}].",
    ),
    "GetBaseReport": (
        "We ask for all settings ({reportBase}), as report {requestId}.",
        "Wir fragen nach allen Einstellungen ({reportBase}), als Bericht {requestId}.",
    ),
    "GetConfiguration": (
        "We ask for settings[: {#key}, first {key.*}].",
        "Wir fragen nach Einstellungen[: {#key}, zuerst {key.*}].",
    ),
    "GetLocalListVersion": (
        "We ask for the version of the station's list of tokens.",
        "Wir fragen nach der Version der Token-Liste der Station.",
    ),
    "GetTransactionStatus": (
        "We ask how transactions stand[: {transactionId}].",
        "Wir fragen nach dem Stand von Transaktionen[: {transactionId}].",
    ),
    "GetVariables": (
        "We ask for {#getVariableData} settings, first {getVariableData.*.component.name}."
        "{getVariableData.*.variable.name}.",
        "Wir fragen nach {#getVariableData} Einstellungen, zuerst {getVariableData.*.component.name}."
        "{getVariableData.*.variable.name}.",
    ),
    "RemoteStartTransaction": (
        "We ask it to charge for token {idTag}[ at connector {connectorId}].",
        "Wir bitten, für Token {idTag} zu laden[, an Anschluss {connectorId}].",
    ),
    "RemoteStopTransaction": (
        "We ask it to end transaction {transactionId}.",
        "Wir bitten, Transaktion {transactionId} zu beenden.",
    ),
    "RequestStartTransaction": (
        "We ask it to charge for token {idToken.idToken}[ at EVSE {evseId}], as remote start {remoteStartId}.",
        "Wir bitten, für Token {idToken.idToken} zu laden[, an EVSE {evseId}], als Fernstart {remoteStartId}.",
    ),
    "RequestStopTransaction": (
        "We ask it to end transaction {transactionId}.",
        "Wir bitten, Transaktion {transactionId} zu beenden.",
    ),
    "ReserveNow": (
        "We keep a place[, EVSE {evseId|connectorId}], for token {idTag|idToken.idToken} until "
        "{expiryDate|expiryDateTime}, as reservation {id|reservationId}.",
        "Wir reservieren einen Platz[, EVSE {evseId|connectorId}], für Token {idTag|idToken.idToken} bis "
        "{expiryDate|expiryDateTime}, als Reservierung {id|reservationId}.",
    ),
    "Reset": ("We have the station restart ({type})[, EVSE {evseId} only].", "Neustart ({type})[, nur EVSE {evseId}]."),
    "SendLocalList": (
        "We send the list of tokens ({updateType}), version {listVersion|versionNumber}[, with "
        "{#localAuthorizationList} entries].",
        "Wir senden die Token-Liste ({updateType}), Version {listVersion|versionNumber}[, mit "
        "{#localAuthorizationList} Einträgen].",
    ),
    "SetChargingProfile": (
        "We limit charging at {evseId|connectorId}: {csChargingProfiles.chargingProfilePurpose|"
        "chargingProfile.chargingProfilePurpose}, profile {csChargingProfiles.chargingProfileId|chargingProfile.id}.",
        "Wir begrenzen das Laden an {evseId|connectorId}: {csChargingProfiles.chargingProfilePurpose|"
        "chargingProfile.chargingProfilePurpose}, Profil {csChargingProfiles.chargingProfileId|chargingProfile.id}.",
    ),
    "SetVariables": (
        "We set {#setVariableData} settings, first {setVariableData.*.component.name}."
        "{setVariableData.*.variable.name} to {setVariableData.*.attributeValue}.",
        "Wir setzen {#setVariableData} Einstellungen, zuerst {setVariableData.*.component.name}."
        "{setVariableData.*.variable.name} auf {setVariableData.*.attributeValue}.",
    ),
    "TriggerMessage": (
        "We have it send {requestedMessage|customTrigger} now[, of {evse.id|connectorId}].",
        "Sie soll jetzt {requestedMessage|customTrigger} senden[, von {evse.id|connectorId}].",
    ),
    "UnlockConnector": (
        "We have connector[ {evseId},] {connectorId} unlocked.",
        "Anschluss[ {evseId},] {connectorId} soll entriegelt werden.",
    ),
    "UpdateFirmware": (
        "We have it install firmware from {location|firmware.location}.",
        "Sie soll Firmware installieren, von {location|firmware.location}.",
    ),
}

_ANSWERS: Final[Mapping[str, Pair]] = {
    "Authorize": (
        "Token: {idTagInfo.status|idTokenInfo.status}[, until {idTagInfo.expiryDate|idTokenInfo.cacheExpiryDateTime}]"
        "[, group {idTagInfo.parentIdTag|idTokenInfo.groupIdToken.idToken}].",
        "Token: {idTagInfo.status|idTokenInfo.status}[, bis {idTagInfo.expiryDate|idTokenInfo.cacheExpiryDateTime}]"
        "[, Gruppe {idTagInfo.parentIdTag|idTokenInfo.groupIdToken.idToken}].",
    ),
    "BootNotification": (
        "{status}: it is {currentTime}, and it shall be heard of every {interval} s.",
        "{status}: es ist {currentTime}, und sie soll sich alle {interval} s melden.",
    ),
    "GetConfiguration": (
        "[{#configurationKey} settings][, {#unknownKey} it does not know].",
        "[{#configurationKey} Einstellungen][, {#unknownKey} kennt sie nicht].",
    ),
    "GetLocalListVersion": (
        "Its list has version {listVersion|versionNumber}.",
        "Ihre Liste hat Version {listVersion|versionNumber}.",
    ),
    "GetTransactionStatus": (
        "[Ongoing: {ongoingIndicator}; ]messages waiting to be sent: {messagesInQueue}.",
        "[Läuft: {ongoingIndicator}; ]wartende Nachrichten: {messagesInQueue}.",
    ),
    "GetVariables": (
        "{#getVariableResult} answers, first {getVariableResult.*.attributeStatus}"
        "[: {getVariableResult.*.attributeValue}].",
        "{#getVariableResult} Antworten, zuerst {getVariableResult.*.attributeStatus}"
        "[: {getVariableResult.*.attributeValue}].",
    ),
    "Heartbeat": ("It is {currentTime}.", "Es ist {currentTime}."),
    "SetVariables": (
        "{#setVariableResult} answers, first {setVariableResult.*.attributeStatus}.",
        "{#setVariableResult} Antworten, zuerst {setVariableResult.*.attributeStatus}.",
    ),
    "StartTransaction": (
        "It is transaction {transactionId}; token: {idTagInfo.status}.",
        "Es ist Transaktion {transactionId}; Token: {idTagInfo.status}.",
    ),
}

_CODES: Final[Mapping[str, Pair]] = {
    "FormatViolation": ("it does not keep to the form of a message", "sie hat nicht die Form einer Nachricht"),
    "FormationViolation": ("it does not keep to the form of a message", "sie hat nicht die Form einer Nachricht"),
    "GenericError": ("something went wrong that has no name of its own", "etwas ging schief, das keinen Namen hat"),
    "InternalError": ("the other side could not do it", "die andere Seite konnte es nicht"),
    "MessageTypeNotSupported": ("there is no such kind of message", "diese Art Nachricht gibt es nicht"),
    "NotImplemented": ("the other side does not know this action", "die andere Seite kennt diese Aktion nicht"),
    "NotSupported": ("the other side does not offer this action", "die andere Seite bietet diese Aktion nicht an"),
    "OccurenceConstraintViolation": ("a field is missing, or there too often", "ein Feld fehlt oder ist zu oft da"),
    "OccurrenceConstraintViolation": ("a field is missing, or there too often", "ein Feld fehlt oder ist zu oft da"),
    "PropertyConstraintViolation": ("a field has a value it must not have", "ein Feld hat einen unerlaubten Wert"),
    "ProtocolError": ("the message itself is not as it should be", "die Nachricht selbst ist nicht, wie sie sein soll"),
    "RpcFrameworkError": ("it is no message of OCPP at all", "es ist gar keine Nachricht von OCPP"),
    "SecurityError": ("it was not to be said, for security's sake", "sie durfte aus Sicherheitsgründen nicht sein"),
    "TypeConstraintViolation": ("a field is of another type", "ein Feld ist von einer anderen Art"),
}

_STATUSES: Final[Mapping[str, Pair]] = {
    "Accepted": ("Accepted", "Angenommen"),
    "Rejected": ("Refused", "Abgelehnt"),
    "Scheduled": ("It will, when it can", "Sie wird es tun, sobald sie kann"),
}


def call_meaning(action: str, payload: object, *, from_station: bool, language: Language) -> str:
    patterns = _FROM_STATION if from_station else _TO_STATION
    said = _said(patterns.get(action), payload, language)
    if said:
        return said
    fields = ", ".join(_fields(payload))
    who = (
        ("The station says", "Die Station sagt")
        if from_station
        else ("We ask of the station", "Wir wollen von der Station")
    )
    return f"{_of(who, language)}: {_words(action)}{': ' + fields if fields else ''}."


def answer_meaning(action: str, answer: object, *, language: Language) -> str:
    """Of the answer to that action."""
    said = _said(_ANSWERS.get(action), answer, language)
    if said:
        return said
    status = _found(answer, "status")
    fields = [field for field in _fields(answer) if not field.startswith("status ")]
    if status is None:
        told = ", ".join(fields) or _of(("nothing more to say", "nichts weiter"), language)
        return f"{_of(('Taken note of', 'Zur Kenntnis genommen'), language)}: {told}."
    word = _of(_STATUSES.get(status, (status, status)), language)
    return f"{word}{' (' + ', '.join(fields) + ')' if fields else ''}."


def error_meaning(code: str, *, language: Language) -> str:
    known = _CODES.get(code)
    if known is None:
        own = _of(("Answered with an error of its own", "Mit einem eigenen Fehler beantwortet"), language)
        return f"{own}: {_written(code) or '?'}."
    return f"{_of(('Answered with an error', 'Mit einem Fehler beantwortet'), language)}: {_of(known, language)}."


def _of(pair: Pair, language: Language) -> str:
    return pair[0] if language == "en" else pair[1]


_FIELD: Final = re.compile(r"\{(#?)([^}]+)\}")
_OPTIONAL: Final = re.compile(r"\[([^\]]*)\]")


def _said(pair: Pair | None, document: object, language: Language) -> str:
    """Empty where a field that the sentence cannot do without is not there."""
    if pair is None:
        return ""
    for pattern in _of(pair, language).split("||"):
        needed = _OPTIONAL.sub(lambda found: found[1] if _has_all(found[1], document) else "", pattern)
        if _has_all(needed, document):
            return _filled(needed, document)
    return ""


def _filled(pattern: str, document: object) -> str:
    text = _FIELD.sub(lambda found: _value(found, document) or "", pattern).strip()
    return text[:1].upper() + text[1:] if text.strip(".") else ""


def _has_all(pattern: str, document: object) -> bool:
    return all(_value(found, document) is not None for found in _FIELD.finditer(pattern))


def _value(found: "re.Match[str]", document: object) -> str | None:
    if found[1]:
        items = _at(document, found[2].split("."))
        return str(len(cast("list[object]", items))) if isinstance(items, list) else None
    return next((text for path in found[2].split("|") if (text := _found(document, path)) is not None), None)


def _found(document: object, path: str) -> str | None:
    text = _written(_at(document, path.split(".")))
    return None if text == "NoError" else text


def _at(document: object, steps: list[str]) -> object:
    for step in steps:
        if step == "*":
            if not isinstance(document, list) or not document:
                return None
            document = cast("list[object]", document)[0]
        elif isinstance(document, dict):
            document = cast("dict[str, object]", document).get(step)
        else:
            return None
    return document


def _written(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            text = "".join(letter if letter.isprintable() else "\ufffd" for letter in str(value)[: _LONGEST + 1])
            return (text if len(text) <= _LONGEST else text[:_LONGEST] + "…") or None
        case _:
            return None


def _fields(document: object) -> list[str]:
    """The first that say something, each with its name."""
    told: list[str] = []
    for name, value in _leaves(document, "", 0):
        if len(told) == _MOST_FIELDS:
            break
        told.append(f"{name} {value}")
    return told


def _leaves(document: object, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(document, dict) and depth < 4:
        for key, value in cast("dict[str, Any]", document).items():
            if key != "customData":
                yield from _leaves(value, str(key), depth + 1)
    elif isinstance(document, list) and depth < 4:
        items = cast("list[object]", document)
        if items:
            yield from _leaves(items[0], name, depth + 1)
    elif (text := _written(cast("object", document))) is not None and name:
        yield name, text


def _words(action: str) -> str:
    """SetDisplayMessage → set display message."""
    plain = "".join(letter for letter in action[:60] if letter.isalnum())
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain).lower() or "?"
