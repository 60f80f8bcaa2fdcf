"""What the gateway takes from a socket before it says no. Each figure is a setting; the defaults are safe ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the gateway.

    handshake_s, tls_handshake_s         how long a peer may take to speak and ask, or to agree on keys
    head_bytes, head_fields              of the HTTP request
    connections, half_open_per_source    how many at once; half open: has spoken, but not asked yet; beyond, it waits
    waiting_s                            for its turn, where many of its source came at once
    guesses, guess_every_s               failed attempts a source may make at once, then one each so many seconds
    reconnects, reconnect_every_s        the same for accepted connections of one station
    message_bytes                        of one message, inflated and joined
    message_fragments                    frames that one message may come in
    messages_burst, messages_per_s       of one station; beyond, it waits
    waiting_messages                     read but not yet worked on, of one station; beyond, reading stops
    bad_messages                         of one connection; then it is closed
    control_frames_per_s                 pings and pongs of one connection
    ping_every_s, silent_s               how often a quiet station is pinged; after how long without any sign it is dead
    close_s, write_s                     how long a peer may take to answer a close; to read what we wrote
    """

    handshake_s: float = 10.0
    tls_handshake_s: float = 10.0
    head_bytes: int = 32 * 1024
    head_fields: int = 100
    connections: int = 20_000
    half_open_per_source: int = 200
    waiting_s: float = 60.0
    guesses: int = 15
    guess_every_s: float = 5.0
    reconnects: int = 12
    reconnect_every_s: float = 2.0
    message_bytes: int = 1024 * 1024
    message_fragments: int = 4096
    messages_burst: float = 200.0
    messages_per_s: float = 40.0
    waiting_messages: int = 32
    bad_messages: int = 200
    control_frames_per_s: int = 50
    ping_every_s: float = 60.0
    silent_s: float = 150.0
    close_s: float = 5.0
    write_s: float = 30.0
