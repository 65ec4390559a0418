"""Random events as Google and Microsoft send them, and what a live answer and a listing make of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from common.domain.calendar.event import Detail, Upsert
from common.domain.connect.settings import BusyRules, ImportMode, ImportSettings, PrivateMode
from common.providers.google import event_structs as google_structs
from common.providers.google import events_to_domain as google_mapping
from common.providers.google import list_events as google_listing
from common.providers.google.events_to_domain import GoogleContext
from common.providers.microsoft import event_structs as graph_structs
from common.providers.microsoft import events_to_domain as graph_mapping
from common.providers.microsoft import list_events as graph_listing
from common.providers.microsoft.events_to_domain import GraphContext

NOW = datetime(2027, 3, 22, 8, 0, tzinfo=UTC)
ZONES = ("Europe/Zurich", "America/New_York", "Pacific/Auckland", "UTC")
MINUTE = timedelta(minutes=1)
DAY = 24 * 60
LAST_MOMENT = "9999-12-31T23:59:59-08:00"
LENGTHS = st.one_of(
    st.sampled_from((0, 5, 30, 60, DAY, 7 * DAY, 500 * DAY, 4_000 * DAY)), st.integers(0, 3 * DAY)
)
STARTS = st.one_of(
    st.integers(-3 * DAY, 24 * DAY), st.sampled_from((-4_000 * DAY, -400 * DAY, -10 * DAY, 400 * DAY))
)
settings = st.builds(
    ImportSettings,
    mode=st.sampled_from(ImportMode),
    private=st.sampled_from(PrivateMode),
    busy=st.builds(BusyRules, *[st.booleans()] * 5),
)


def given_fields(required, **optional):
    """Any of the optional fields, beside the required ones."""
    return st.fixed_dictionaries(required, optional=optional)


@st.composite
def spans(draw):
    """Start, end, and whether they are days; a fraction of a second now and then."""
    part = timedelta(microseconds=draw(st.sampled_from((0, 0, 0, 500_000))))
    start = NOW + draw(STARTS) * MINUTE + part
    return start, start + draw(LENGTHS) * MINUTE, draw(st.sampled_from((False, False, True)))


@st.composite
def oddly(draw, times, far):
    """Times as they are in most cases; else far away, the wrong way round, mixed, or only one of them."""
    odd = draw(st.sampled_from((*[""] * 12, "far", "turned", "mixed", "endless", "startless", "bare")))
    if odd == "far":
        return {**times, draw(st.sampled_from(("start", "end"))): draw(st.sampled_from(far))}
    if odd == "turned":
        return {"start": times["end"], "end": times["start"]}
    if odd == "mixed":
        day = NOW.date() + timedelta(days=draw(st.integers(0, 5)))
        return {**times, draw(st.sampled_from(("start", "end"))): {"date": day.isoformat()}}
    left = {"endless": ("start",), "startless": ("end",), "bare": ()}.get(odd, ("start", "end"))
    return {name: times[name] for name in left}


@st.composite
def google_items(draw):
    """One item of Google's."""
    start, end, days = draw(spans())
    guest = given_fields(
        {"self": st.booleans()},
        organizer=st.booleans(),
        responseStatus=st.sampled_from(("accepted", "declined", "tentative", "needsAction", "new")),
    )
    item = draw(
        given_fields(
            {},
            status=st.sampled_from(("confirmed", "tentative", "cancelled")),
            transparency=st.sampled_from(("opaque", "transparent")),
            visibility=st.sampled_from(("default", "public", "private", "confidential")),
            eventType=st.sampled_from(
                ("default", "outOfOffice", "focusTime", "workingLocation", "birthday", "fromGmail", "new")
            ),
            attendees=st.lists(guest, max_size=2),
        )
    )
    if days:
        last = max(end.date(), start.date() + timedelta(days=1))
        times = {"start": {"date": start.date().isoformat()}, "end": {"date": last.isoformat()}}
    else:
        times = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}}
    far = [{"date": day} for day in ("1899-12-30", "9999-12-31")] + [{"dateTime": LAST_MOMENT}]
    return {"summary": "secret", **item, **draw(oddly(times, far))}


@st.composite
def graph_items(draw):
    """One item of Graph's."""
    start, end, days = draw(spans())
    item = draw(
        given_fields(
            {},
            showAs=st.sampled_from(
                ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown", "new")
            ),
            sensitivity=st.sampled_from(("normal", "personal", "private", "confidential")),
            isCancelled=st.booleans(),
            isOrganizer=st.booleans(),
            responseStatus=st.sampled_from(
                ("none", "organizer", "accepted", "declined", "tentativelyAccepted", "notResponded", "new")
            ).map(lambda answer: {"response": answer}),
        )
    )
    if days:
        start = start.replace(hour=0, minute=0, second=0, microsecond=0)
        end = max(end.replace(hour=0, minute=0, second=0, microsecond=0), start + timedelta(days=1))
    times = {
        name: {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S.%f}0", "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", end))
    }
    far = [{"dateTime": f"{day}T00:00:00.0000000", "timeZone": "UTC"} for day in ("1899-12-30", "9999-12-31")]
    times = draw(oddly(times, far))
    return {"subject": "secret", "type": "singleInstance", "isAllDay": days, **item, **times}


class GoogleSide:
    """Google's items, as a live question and as a listing read them."""

    items = google_items()

    @staticmethod
    def live(found, zone):
        """The events of a live answer."""
        listing = google_structs.listing_of({"kind": "calendar#events", "items": found})
        return google_listing.events_of(listing, GoogleContext.of([zone], Detail.TIMES))[0]

    @staticmethod
    def listed(found, zone):
        """The single events of a full listing."""
        place = GoogleContext.of([zone], Detail.FULL)
        changes = [
            google_mapping.change_of(google_structs.item_of(item), place, snapshot=True) for item in found
        ]
        return [change.event for change in changes if isinstance(change, Upsert)]


class GraphSide:
    """Graph's items, as a live question and as a listing read them."""

    items = graph_items()

    @staticmethod
    def live(found, zone):
        """The events of a live answer."""
        listing = graph_structs.listing_of({"value": found})
        return graph_listing.events_of(listing, GraphContext.of(zone, Detail.TIMES))[0]

    @staticmethod
    def listed(found, zone):
        """The single events of a full listing."""
        place = GraphContext.of(zone, Detail.FULL)
        changes = [graph_mapping.change_of(graph_structs.item_of(item), place) for item in found]
        return [change.event for change in changes if isinstance(change, Upsert)]
