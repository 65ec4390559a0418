"""Makes Exchange's ids: opaque, case-sensitive, and changed by a move unless they are immutable."""

import base64
import hashlib
import re

SHAPE = re.compile(r"A[A-Za-z0-9_-]{60,}={0,2}")


def _text(*parts: object, length: int) -> str:
    seed = "\x1f".join(str(part) for part in parts).encode()
    return base64.urlsafe_b64encode(hashlib.shake_256(seed).digest(length)).decode()


def calendar_id(owner: str, number: int) -> str:
    """The id of a calendar; it ends with `=`, as most of them do.

    Facts M30 and M33: it is constant, and case-sensitive.
    """
    return "AQMkAD" + _text("folder", owner, number, length=68)


def plain_calendar_id(shown: str) -> str:
    """The id of a calendar for requests without the header for immutable ids (fact M31)."""
    return f"AAMkAD{shown[6:]}"


def item_id(key: str, *, calendar: str, moves: int, day: str, immutable: bool) -> str:
    """The id of an event, or of the occurrence of a series on a day.

    An immutable one survives a move inside the mailbox (fact M25), and both kinds are case-sensitive (M33).
    """
    if immutable:
        return "AAkALgAA" + _text("immutable", key, day, length=69)
    return "AAMkAD" + _text("item", key, calendar, moves, day, length=87)


def well_formed(text: str) -> bool:
    """Whether a text has the form of an Exchange id."""
    return bool(SHAPE.fullmatch(text))


def change_key(number: int) -> str:
    """The change key of a version of an event or calendar."""
    return base64.b64encode(hashlib.shake_256(f"change {number}".encode()).digest(18)).decode()


def ical_uid(key: str, day: str) -> str:
    """An iCalUId: the same in every mailbox, and different for every occurrence."""
    date = day.replace("-", "") or "00000000"
    number = int(date[:4]), int(date[4:6]), int(date[6:8])
    stamp = f"{number[0]:04X}{number[1]:02X}{number[2]:02X}"
    rest = hashlib.sha256(key.encode()).hexdigest()[:48].upper()
    return f"040000008200E00074C5B7101A82E008{stamp}{rest}"


def guid(*parts: object) -> str:
    """A GUID computed from the given parts, so that the same parts give the same GUID."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}"
