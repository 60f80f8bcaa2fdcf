"""What a caller can ask wrongly, or in vain. Anything else that is raised is a bug.

One place turns these into HTTP problems, one into CALLERRORs. The text is a sentence for the person who asked:
who, what, with what, and what to do next.
"""


class VoltloomError(Exception):
    """The root of all errors that say their reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotFound(VoltloomError):
    """No such thing, or not for the eyes of the one who asks."""


class Conflict(VoltloomError):
    """The thing is in a state that does not allow it."""


class Invalid(VoltloomError):
    """The request contradicts itself or a rule."""


class Forbidden(VoltloomError):
    """The one who asks may not."""


class Throttled(VoltloomError):
    """Too many, too fast. `retry_after_s` says when to come back."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class TooLarge(VoltloomError):
    """More than we take at once."""


class TooSlow(VoltloomError):
    """It did not arrive in time."""


class Unreachable(VoltloomError):
    """The station is not connected."""


class TimedOut(Unreachable):
    """The station is connected and did not answer in time. Whether it acted is not known."""


class StationError(VoltloomError):
    """The station answered with an error, or with something that is no answer.

    `code` is the CALLERROR code as the station spelled it, or "" where the answer could not be read.
    """

    def __init__(self, reason: str, code: str = "", details: str = "{}") -> None:
        super().__init__(reason)
        self.code = code
        self.details = details


class NotInThisVersion(VoltloomError):
    """The station's OCPP version has no words for this."""


class Unavailable(VoltloomError):
    """A part of voltloom itself cannot answer now (database, bus). Try again."""
