"""What is shown once (a link, a session's token, an API key): random, 256 bit, and kept as its SHA-256, for there is
nothing to guess that a slow hash would protect.
"""

import hashlib
import secrets


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_token(session_token: str) -> str:
    """What a page sends back in `X-CSRF-Token`: follows from the session's token, and cannot be had without it."""
    return hashlib.sha256(f"csrf {session_token}".encode("utf-8", "replace")).hexdigest()
