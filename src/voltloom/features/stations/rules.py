"""What is decided about stations: pure functions. The time is an argument."""


def plain(text: str, longest: int) -> str:
    """A text from outside as plain text: cut, without control characters, and such that every database takes it."""
    cut = text[:longest]
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)
