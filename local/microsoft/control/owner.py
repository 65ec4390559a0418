"""The back door of people: what the owner of a mailbox, an organizer or an attendee does in Outlook."""

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta

from local.microsoft.api.context import Prefs
from local.microsoft.errors import Json
from local.microsoft.events import (
    attendees,
    edits,
    event_resource,
    recurrence,
    responses,
    validation,
)
from local.microsoft.events.edits import master_of
from local.microsoft.events.expansion import Row, Window, exceptions, occurrence, occurrences, row, slots
from local.microsoft.model import Calendar, Item
from local.microsoft.state import World
from local.microsoft.times import parameter, shown, stamp

SEEN = Prefs(immutable=True)


class Owner:
    """Edits made by hand; every method takes the lock, and notifies subscriptions as Graph would.

    A calendar is named by its id, or by the address of the mailbox whose default calendar it is.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def put_event(self, calendar: str, event: Json, *, zone_label: str = "", raw: Json | None = None) -> Json:
        """Enter an event (single or recurring); `zone_label` is an odd zone name that reads show."""
        with self._world.lock:
            found = self._calendar(calendar)
            item = self._new(found, validation.created(deepcopy(event)), event)
            odd: Json = {"_label": zone_label} if zone_label else {}
            odd |= {"_raw": raw} if raw else {}
            item = self._world.put(replace(item, body=item.body | odd), kind="created")
            attendees.invited(self._world, item)
            return self._seen(row(item))

    def edit_event(self, calendar: str, event_id: str, changes: Json) -> Json:
        """Change an event, a series (its own id) or one day of it (the day's id)."""
        with self._world.lock:
            return self._seen(edits.apply(self._world, self._find(calendar, event_id), deepcopy(changes)))

    def shift_event(self, calendar: str, event_id: str, *, minutes: int) -> Json:
        """Drag an event, a series or one day to a later (or, negative, earlier) time."""
        with self._world.lock:
            found, step = self._find(calendar, event_id), timedelta(minutes=minutes)
            zone = {name: found.body[name].get("timeZone") or "UTC" for name in ("start", "end")}
            changes = {
                "start": shown(found.start + step, zone["start"]),
                "end": shown(found.end + step, zone["end"]),
            }
            return self._seen(edits.apply(self._world, found, changes))

    def delete_event(self, calendar: str, event_id: str) -> None:
        """Delete an event, a whole series or one day."""
        with self._world.lock:
            edits.remove(self._world, self._find(calendar, event_id))

    def move_to_calendar(self, calendar: str, event_id: str, destination: str) -> Json:
        """Move an event to another calendar of the mailbox: only its immutable id stays."""
        with self._world.lock:
            item, target = self._find(calendar, event_id).item, self._calendar(destination)
            family = exceptions(self._world.calendars[item.calendar].items).get(item.key, [])
            for each in [*family, item]:
                self._world.drop(each, tell=each is item)
            moved = replace(item, calendar=target.id, moves=item.moves + 1)
            stored = self._world.put(moved, kind="created")
            for each in family:
                self._world.put(replace(each, calendar=target.id, moves=item.moves + 1))
            return self._seen(row(stored))

    def split_series(self, calendar: str, day_id: str, changes: Json) -> Json:
        """Edit "this and following": the series ends, and a new one begins; returns the new series."""
        with self._world.lock:
            found = self._find(calendar, day_id)
            master = master_of(self._world, found)
            before = sum(1 for day in self._days(master) if day < found.day)
            rule = master.body["recurrence"]
            day = date.fromisoformat(found.day)
            body = validation.patched(
                found.body
                | {
                    "recurrence": recurrence.continued(rule, day, before),
                    "start": shown(found.start, found.body["start"].get("timeZone") or "UTC"),
                    "end": shown(found.end, found.body["end"].get("timeZone") or "UTC"),
                },
                deepcopy(changes),
            )
            self._truncate(master, found.day)
            item = self._new(self._calendar(calendar), validation.aligned(body), {})
            return self._seen(row(self._world.put(item, kind="created")))

    def delete_following(self, calendar: str, day_id: str) -> Json:
        """Delete "this and following": the series ends before a day."""
        with self._world.lock:
            found = self._find(calendar, day_id)
            return self._seen(row(self._truncate(master_of(self._world, found), found.day)))

    def respond(self, calendar: str, event_id: str, response: str) -> None:
        """The owner answers an invitation: accept, tentativelyAccept or decline."""
        with self._world.lock:
            found = self._find(calendar, event_id)
            responses.answer(self._world, found, response)
            owner = self._calendar(calendar).owner
            attendees.answered(self._world, found.item, responses.ANSWERS[response][0], by=owner)

    def guest_responds(self, calendar: str, event_id: str, *, guest: str, response: str) -> Json:
        """An attendee's answer (accepted, tentativelyAccepted, declined) arrives."""
        with self._world.lock:
            item = self._find(calendar, event_id).item
            people = deepcopy(item.body["attendees"])
            for each in people:
                if each["emailAddress"]["address"].lower() == guest.lower():
                    each["status"] = {"response": response, "time": stamp(self._world.now())}
            return self._seen(row(self._world.put(replace(item, body=item.body | {"attendees": people}))))

    def receive_invitation(self, calendar: str, event: Json, *, organizer: str) -> Json:
        """An invitation from somebody else arrives, tentative and not yet answered."""
        with self._world.lock:
            found = self._calendar(calendar)
            guest = {"type": "required", "emailAddress": {"address": found.owner}}
            given = {"attendees": [guest], "showAs": "tentative"} | deepcopy(event)
            body = validation.created(given)
            body["responseStatus"] = {"response": "notResponded", "time": "0001-01-01T00:00:00Z"}
            item = replace(self._new(found, body, event), organizer=organizer, mine=False)
            return self._seen(row(self._world.put(item, kind="created")))

    def organizer_cancels(self, calendar: str, event_id: str) -> Json:
        """The organizer cancels a meeting: the owner's copy stays, marked as cancelled."""
        with self._world.lock:
            item = self._find(calendar, event_id).item
            subject = f"Canceled: {item.body.get('subject') or ''}"
            body = item.body | {"isCancelled": True, "showAs": "free", "subject": subject}
            return self._seen(row(self._world.put(replace(item, body=body))))

    def event(self, calendar: str, event_id: str) -> Json:
        """An event, a series or one day of it as the owner sees it."""
        with self._world.lock:
            return self._seen(self._find(calendar, event_id))

    def days(self, calendar: str, event_id: str, *, start: str, end: str) -> list[Json]:
        """The days of a series between two moments."""
        with self._world.lock:
            found, master = self._calendar(calendar), self._find(calendar, event_id).item
            family = exceptions(found.items).get(master.key, [])
            window = Window(parameter(start), parameter(end))
            return [self._seen(each) for each in occurrences(found.items, master, window, family)]

    def _days(self, master: Item) -> list[str]:
        limit = 5000
        return [day for _, (day, _, _) in zip(range(limit), slots(master), strict=False)]

    def _truncate(self, master: Item, day: str) -> Item:
        for each in exceptions(self._world.calendars[master.calendar].items).get(master.key, ()):
            if each.original >= day:
                self._world.drop(each, tell=False)
        rule = recurrence.truncated(master.body["recurrence"], date.fromisoformat(day))
        if rule["range"]["endDate"] < rule["range"]["startDate"]:
            self._world.drop(master)
            return master
        kept = frozenset(each for each in master.dropped if each < day)
        return self._world.put(replace(master, body=master.body | {"recurrence": rule}, dropped=kept))

    def _calendar(self, name: str) -> Calendar:
        if name.lower() in self._world.accounts:
            return self._world.default_calendar(name.lower())
        return self._world.calendars[name]

    def _find(self, calendar: str, event_id: str) -> Row:
        items = self._calendar(calendar).items
        key, day = self._world.references[event_id]
        found = occurrence(items, items[key], day) if day else row(items[key])
        if found is None:
            raise KeyError(event_id)
        return found

    def _new(self, calendar: Calendar, body: Json, given: Json) -> Item:
        return Item(
            key=f"event{self._world.serial()}",
            calendar=calendar.id,
            body=body,
            organizer=calendar.owner,
            transaction=given.get("transactionId") or "",
            properties=validation.extended(given),
            extensions=validation.extensions(given),
        )

    def _seen(self, found: Row) -> Json:
        return event_resource.event(self._world, found, SEEN)
