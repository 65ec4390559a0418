"""Decides whether a provider event is one of our exports, and what its owner did to it since we wrote it."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking, Proposal
from common.domain.calendar.event import ExternalEvent, Flaw, Gone
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import EventDraft, ExportLink, LinkState, Part

TIME = "time"
TITLE = "title"
DESCRIPTION = "description"
ATTENDEE = "attendee"
REMINDER = "reminder"
# Providers cut long texts (Google descriptions at about 8,000 characters): what comes later is not compared.
COMPARED_CHARACTERS = 4000
_ENCODINGS = 3
# Two programs that undo each other's writes would go on for ever.
MOST_REWRITES = 6
REWRITES_WITHIN = timedelta(hours=1)
_INLINE_TAG = re.compile(r"</?(?:a|b|em|font|i|s|span|strong|u)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
# Variation selectors, joiners and marks that providers add or drop around emoji without changing the text.
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff\u00ad]")


def normalised(text: str) -> str:
    """A text without what providers change on their own: line ends, blanks, HTML, emoji forms."""
    for _ in range(_ENCODINGS):
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    text = _TAG.sub(" ", _INLINE_TAG.sub("", text))
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return " ".join(text.split())[:COMPARED_CHARACTERS].rstrip()


def fingerprint(draft: EventDraft) -> Mapping[str, str]:
    """A hash for each field of the event that a booking shall have at the provider."""
    address, name = draft.attendee or ("", "")
    return {
        TIME: _time_hash(draft.interval),
        TITLE: _hash(normalised(draft.title)),
        DESCRIPTION: _hash(normalised(draft.description)),
        ATTENDEE: _guest_hash(address, name, accepted=draft.accepted),
        REMINDER: _hash("left out" if Part.REMINDER in draft.left_out else str(draft.reminder)),
    }


def seen_fingerprint(event: ExternalEvent) -> Mapping[str, str]:
    """The same hashes for what the provider shows; texts only where they were asked for."""
    found: dict[str, str] = {}
    if event.span:
        found[TIME] = _time_hash(event.span)
    if event.title is not None:
        found[TITLE] = _hash(normalised(event.title))
    if event.description is not None:
        found[DESCRIPTION] = _hash(normalised(event.description))
    return found


def proposed_fingerprint(proposal: Proposal) -> Mapping[str, str]:
    """The same hashes for what an owner's proposal left in the calendar."""
    found: dict[str, str] = {}
    if proposal.interval is not None:
        found[TIME] = _time_hash(proposal.interval)
    if proposal.title is not None:
        found[TITLE] = _hash(normalised(proposal.title))
    if proposal.description is not None:
        found[DESCRIPTION] = _hash(normalised(proposal.description))
    return found


def invited(written: Mapping[str, str]) -> bool:
    """Whether what was written last has a guest."""
    return written.get(ATTENDEE, _NOBODY) != _NOBODY


def has_guest(link: ExportLink) -> bool:
    """Whether the customer is a guest of the event, as far as we know: by its owner's will, or by ours."""
    return invited(link.sent) if link.owner_guest is None else link.owner_guest


def with_guests(link: ExportLink, event: ExternalEvent, customer: Collection[str]) -> ExportLink:
    """The link with what an event, as it was read, shows of its guests.

    Args:
        link: The link as it is stored.
        event: Its event; one that is older than what we know says nothing.
        customer: The ways in which the customer's address may be written, in small letters.
    """
    if event.guests is None or link.state is LinkState.PENDING or _older(event, link):
        return link
    guests = {address.casefold() for address in event.guests}
    there = not guests.isdisjoint(customer)
    owner_guest = None if there == invited(link.sent) else there
    others = not guests <= {*customer}
    if (owner_guest, others) == (link.owner_guest, link.others):
        return link
    return replace(link, owner_guest=owner_guest, others=others)


def _guest_hash(address: str, name: str, *, accepted: bool) -> str:
    return _hash(f"{address.casefold()}\n{name}\n{accepted}")


def _time_hash(span: Interval) -> str:
    # Whole seconds: providers keep no more.
    return _hash("/".join(str(second) for second in span.seconds_around()))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


# Flaws with which an event still has the time that its owner gave it.
_TIMED = frozenset({None, Flaw.NO_ORIGINAL_START})
_NOBODY = _guest_hash("", "", accepted=False)


@dataclass(frozen=True, slots=True)
class Echo:
    """What we wrote ourselves, or know already: nothing to do."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A report that is older than what we know: nothing to do."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """The event is gone from this calendar: deleted, or moved to another one."""


@dataclass(frozen=True, slots=True)
class Impossible:
    """The event has a time that no booking can have; our time has to be written again."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The owner changed the event; only what changed is set. ``revived``: it had been missing.

    ``overtaken`` says that the time was edited as well, but that the booking has a newer change which
    is not written yet: that one wins.
    """

    interval: Interval | None = None
    title: str | None = field(default=None, repr=False)
    description: str | None = field(default=None, repr=False)
    revived: bool = False
    overtaken: bool = False


Verdict = Echo | Stale | Deleted | Impossible | Edited


def judge(link: ExportLink, event: ExternalEvent | Gone, booking: Booking) -> Verdict:
    """What happened to an exported event since we last wrote or saw it.

    Order comes from the provider's own time stamps and etags, never from our clock: a report older than the
    known state is stale, the known etag or the content that we wrote is an echo.
    """
    if isinstance(event, ExternalEvent) and _older(event, link):
        return Stale()
    if isinstance(event, Gone) or event.cancelled:
        return Deleted() if booking.active and link.state is not LinkState.GONE else Echo()
    if not booking.active:
        return Echo()
    revived = link.state in {LinkState.MISSING, LinkState.GONE} or link.missing_since is not None
    if not revived and event.etag is not None and event.etag == link.etag:
        return Echo()
    return _compared(link, event, booking, revived=revived)


def _older(event: ExternalEvent, link: ExportLink) -> bool:
    return event.updated is not None and link.updated is not None and event.updated < link.updated


def _compared(link: ExportLink, event: ExternalEvent, booking: Booking, *, revived: bool) -> Verdict:
    if event.span is None or event.flaw not in _TIMED:
        return Impossible()
    changed = {name for name, value in seen_fingerprint(event).items() if not _ours(link, name, value)}
    if link.state is LinkState.PENDING:
        # Words that are on their way out differ from what is shown; once they are there it is reported again.
        changed &= {TIME}
    overtaken = TIME in changed and _rescheduled(link, booking)
    # Whoever put the event back as it was takes the proposal back.
    proposed = booking.proposal is not None and booking.proposal.connection == link.connection
    if not changed and not revived and not proposed:
        return Echo()
    return Edited(
        interval=event.span if TIME in changed and not overtaken else None,
        title=event.title if TITLE in changed else None,
        description=event.description if DESCRIPTION in changed else None,
        revived=revived,
        overtaken=overtaken,
    )


def _ours(link: ExportLink, name: str, value: str) -> bool:
    """Whether a field is as we left it: as it was sent, as the provider made it, or as a write may leave it.

    A provider changes some texts on its own: Google cuts what looks like its conference block out of a
    description. That is no edit. Until a write is answered, the states before and after it are both ours.
    """
    last = link.written.get(name)
    known = {last, link.shown.get(name, last), link.sending.get(name, last)}
    return value in known or known == {None}


def differing(link: ExportLink, event: ExternalEvent, wanted: Mapping[str, str]) -> frozenset[str]:
    """The fields in which an event differs from what is ``wanted``, but for what the provider itself made."""
    settled = {name: value for name, value in link.shown.items() if link.written.get(name) == wanted[name]}
    return frozenset(
        name
        for name, value in seen_fingerprint(event).items()
        if value not in {wanted[name], settled.get(name)}
    )


def _rescheduled(link: ExportLink, booking: Booking) -> bool:
    """Whether the booking has a time of its own that is not at the provider yet."""
    if booking.revision <= link.revision:
        return False
    return link.state is LinkState.PENDING or link.written.get(TIME) != _time_hash(booking.interval)


def attached(link: ExportLink, event: ExternalEvent) -> ExportLink:
    """The link to what the booking is in the calendar now: an event of its own, or one date of a series.

    What was known of the state of the one says nothing of the other.
    """
    same = (link.series_id, link.original_start) == (event.series_id, event.original_start)
    if same and (link.series_id is None or link.event_id == event.id):
        return link
    return replace(
        link,
        event_id=event.id,
        series_id=event.series_id,
        original_start=event.original_start,
        etag=None,
        updated=None,
    )


def seen(link: ExportLink, event: ExternalEvent) -> ExportLink:
    """The link once the event's present state is known and accepted."""
    found = seen_fingerprint(event)
    before = link.sent if _arrived(link, event, found) else link.written
    there = replace(
        link,
        state=LinkState.LIVE,
        event_id=event.id,
        written=before,
        sending={},
        etag=event.etag,
        updated=event.updated,
        missing_since=None,
        unseen_since=None,
    )
    return as_shown(there, {name: value for name, value in found.items() if link.shown.get(name) != value})


def as_shown(link: ExportLink, fields: Mapping[str, str]) -> ExportLink:
    """The link where these fields are taken for written as the event shows them."""
    shown = {name: value for name, value in link.shown.items() if name not in fields}
    return replace(link, written={**link.written, **fields}, shown=shown)


def as_written(link: ExportLink, before: ExportLink, names: Iterable[str]) -> ExportLink:
    """The link with what was written ``before`` in these fields, and with what the provider made of it."""
    names = frozenset(names)
    kept = {name: value for name, value in link.shown.items() if name not in names}
    return replace(
        link,
        written={**link.written, **{name: value for name, value in before.written.items() if name in names}},
        shown={**kept, **{name: value for name, value in before.shown.items() if name in names}},
    )


def _arrived(link: ExportLink, event: ExternalEvent, found: Mapping[str, str]) -> bool:
    """Whether an event shows that a write went through whose answer is not known."""
    if link.etag is not None and event.etag == link.etag:
        return False
    told = {name: value for name, value in link.sending.items() if link.written.get(name) != value}
    return all(found.get(name, value) == value for name, value in told.items())


def rewrites(link: ExportLink, booking: Booking, *, now: datetime) -> int:
    """How often an event was restored lately, the time that is due now included."""
    return link.attempts + 1 if now - booking.updated_at < REWRITES_WITHIN else 1
