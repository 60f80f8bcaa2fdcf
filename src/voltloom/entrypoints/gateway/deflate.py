"""permessage-deflate (RFC 7692), bounded, and without memory between messages.

Neither side keeps its window from one message to the next (`no_context_takeover` both ways), so an
idle connection costs nothing.
"""

import re
import zlib
from dataclasses import dataclass

_TAIL = b"\x00\x00\xff\xff"
_WORTH_IT = 1024
"""Bytes below which compressing costs more than it saves: nearly every answer."""
_BITS = re.compile(r"8|9|1[0-5]")


class BadDeflate(Exception):
    """What was sent as deflate is not."""


class TooBig(Exception):
    """It inflates to more than was allowed."""


@dataclass(frozen=True, slots=True)
class Deflate:
    """What was agreed on. window_bits: of what we send."""

    window_bits: int
    agreed: str
    """The value of our Sec-WebSocket-Extensions."""

    def inflate(self, payload: bytes, limit: int) -> bytes:
        """Raises TooBig without having inflated more than `limit` bytes, BadDeflate where it is none."""
        inflater = zlib.decompressobj(wbits=-15)
        try:
            message = inflater.decompress(payload + _TAIL, limit + 1)
        except zlib.error as error:
            raise BadDeflate from error
        if len(message) > limit:
            raise TooBig
        # After a final block the tail that we added is left over, or it and the empty block it belongs to.
        if inflater.unconsumed_tail or inflater.unused_data not in (b"", _TAIL, b"\x00" + _TAIL):
            raise BadDeflate
        return message

    def deflate(self, message: bytes) -> bytes | None:
        """None where it is better sent as it is: the agreement leaves that to us, message by message."""
        if len(message) < _WORTH_IT:
            return None
        deflater = zlib.compressobj(wbits=-self.window_bits)
        return (deflater.compress(message) + deflater.flush(zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)


def negotiate(header: str) -> Deflate | None:
    """The first offer of permessage-deflate that we can accept; None where there is none.

    An offer with a parameter that is unknown, doubled or has an illegal value is declined.
    """
    for offer in header.split(","):
        name, *parameters = (part.strip() for part in offer.split(";"))
        if name == "permessage-deflate":
            agreed = _accept(parameters)
            if agreed is not None:
                return agreed
    return None


def _accept(parameters: list[str]) -> Deflate | None:
    window_bits = 15
    seen: set[str] = set()
    answer = ["permessage-deflate", "server_no_context_takeover", "client_no_context_takeover"]
    for parameter in parameters:
        name, _, value = (part.strip() for part in parameter.partition("="))
        value = value.strip('"')
        if name in seen:
            return None
        seen.add(name)
        match name:
            case "server_no_context_takeover" | "client_no_context_takeover":
                if value:
                    return None
            case "server_max_window_bits":
                # zlib cannot write raw deflate with a window of 8 bits.
                if not _BITS.fullmatch(value) or value == "8":
                    return None
                window_bits = int(value)
                answer.append(f"server_max_window_bits={window_bits}")
            case "client_max_window_bits":
                if value and not _BITS.fullmatch(value):
                    return None
            case _:
                return None
    return Deflate(window_bits, "; ".join(answer))
