"""Does what people do in Google's own web pages: the owner of a calendar, or one of the attendees."""

import re
from copy import deepcopy
from datetime import UTC, datetime, timedelta

from local.google.api import schema
from local.google.api.context import Context
from local.google.api.schema import methods
from local.google.errors import Json
from local.google.events import attendees, edits, event_methods, validation
from local.google.events.event_resource import Viewer, render_event
from local.google.events.recurrence import base_id, instances
from local.google.events.series import (
    drop_instances_beyond,
    exceptions,
    find_event,
    locate,
    store_event,
)
from local.google.model import OWNER_CLIENT, Calendar, Caller, StoredEvent
from local.google.state import State
from local.google.times import is_all_day, midnight, parse_timestamp, shift_time


class Owner:
    """Edits by hand; every method takes the state's lock and notifies push channels as the API does."""

    def __init__(self, state: State) -> None:
        self._state = state

    def put_event(self, calendar: str, event: Json, *, by: str = "", notify: bool = False) -> Json:
        """Create an event (single or recurring); returns it as the owner sees it."""
        with self._state.lock:
            context = self._context("events.insert", calendar, by=by, notify=notify, body=event)
            return event_methods.insert(context)

    def edit_event(
        self, calendar: str, event_id: str, changes: Json, *, by: str = "", notify: bool = False
    ) -> Json:
        """Change an event, a series (by its own id) or one instance (by its id) with a JSON merge patch."""
        with self._state.lock:
            context = self._context("events.patch", calendar, event_id, by=by, notify=notify, body=changes)
            return event_methods.patch(context)

    def shift_event(self, calendar: str, event_id: str, *, minutes: int, by: str = "") -> Json:
        """Move an event, a series or one instance by some minutes; a negative number moves it earlier."""
        with self._state.lock:
            body = find_event(self._state.calendar(calendar), event_id).body
            step = timedelta(minutes=minutes)
            changes = {name: shift_time(body[name], step) for name in ("start", "end")}
            return self.edit_event(calendar, event_id, changes, by=by)

    def delete_event(self, calendar: str, event_id: str, *, by: str = "", notify: bool = False) -> None:
        """Delete an event, a whole series or one instance.

        Unless the setting `refuse_updates_of_ui_deleted` is off, the API cannot bring it back (G28).
        """
        with self._state.lock:
            context = self._context("events.delete", calendar, event_id, by=by, notify=notify)
            event_methods.delete(context)
            self._state.calendar(calendar).events[event_id].ui_deleted = True

    def restore_event(self, calendar: str, event_id: str) -> Json:
        """Restore a deleted event from the trash."""
        with self._state.lock:
            self._state.calendar(calendar).events[event_id].ui_deleted = False
            return self.edit_event(calendar, event_id, {"status": "confirmed"})

    def move_to_calendar(self, calendar: str, event_id: str, destination: str) -> Json:
        """Move an event to another calendar.

        In the old one a cancelled event remains that shows its id only.
        """
        with self._state.lock:
            self._state.begin_operation()
            source, target = self._state.calendar(calendar), self._state.calendar(destination)
            moved = edits.move_event(self._state, source, target, source.events[event_id])
            return self._render(target, moved)

    def split_series(self, calendar: str, instance_id: str, changes: Json) -> Json:
        """Edit "this and following events": end the series before an instance and begin a new one.

        Returns the new one. It takes over what apps have stored in the old one (G65). At the same time of
        day its id is made of the old one's (G62); at another time it has an id of its own (G64).
        """
        with self._state.lock:
            found = self._state.calendar(calendar)
            place = locate(found, instance_id)
            master = place.master
            if master is None:
                raise KeyError(instance_id)
            original = find_event(found, instance_id).body["originalStartTime"]
            left, rest = _split_recurrence(found, master, original)
            length = {name: find_event(found, instance_id).body[name] for name in ("start", "end")}
            kept = {
                name: deepcopy(master.body[name])
                for name in master.body
                if name in validation.WRITABLE_FIELDS
            }
            body = edits.merge_patch(kept | length | {"recurrence": rest}, changes)
            body.pop("sequence", None)
            self.edit_event(calendar, master.id, {"recurrence": left})
            suffix = instance_id.rpartition("_")[2].removesuffix("Z")
            moved = body["start"] != length["start"]
            new_id = "" if moved else f"{base_id(master.id)}_R{suffix}"
            new = edits.create_event(self._state, found, body, by=found.owner, event_id=new_id)
            drop_instances_beyond(found, new)
            attendees.update_copies(self._state, found, new, None)
            return self._render(found, new)

    def delete_following(self, calendar: str, instance_id: str) -> Json:
        """Delete "this and following events": end the series before an instance."""
        with self._state.lock:
            found = self._state.calendar(calendar)
            master = locate(found, instance_id).master
            if master is None:
                raise KeyError(instance_id)
            left, _ = _split_recurrence(
                found, master, find_event(found, instance_id).body["originalStartTime"]
            )
            return self.edit_event(calendar, master.id, {"recurrence": left})

    def respond(self, calendar: str, event_id: str, response: str) -> Json:
        """Answer an invitation on the attendee's own copy of the event."""
        with self._state.lock:
            found = self._state.calendar(calendar)
            return self.guest_responds(calendar, event_id, guest=found.id, response=response)

    def guest_responds(self, calendar: str, event_id: str, *, guest: str, response: str) -> Json:
        """Record an attendee's answer on an event of this calendar."""
        with self._state.lock:
            self._state.begin_operation()
            found = self._state.calendar(calendar)
            event = store_event(found, find_event(found, event_id))
            before = deepcopy(event.body)
            for entry in event.body.get("attendees", ()):
                if entry["email"] == guest.lower():
                    entry["responseStatus"] = response
            self._state.record_change(found, event)
            attendees.update_copies(self._state, found, event, before)
            return self._render(found, event)

    def receive_invitation(self, calendar: str, event: Json, *, organizer: str) -> Json:
        """Receive an invitation from an organizer who has no account here; it is not yet answered.

        `event` may name other attendees: who is invited through a group has no entry of their own (G82).
        """
        with self._state.lock:
            self._state.begin_operation()
            found = self._state.calendar(calendar)
            people = [{"email": organizer, "responseStatus": "accepted"}, {"email": found.id}]
            body = {"attendees": people} | event
            stored = edits.create_event(self._state, found, body, by=organizer)
            stored.body |= {"organizer": {"email": organizer}, "creator": {"email": organizer}}
            return self._render(found, stored)

    def put_raw(self, calendar: str, body: Json) -> None:
        """Store an event body without any check, to be listed exactly as given.

        So a test can show what only other programs make: an out-of-office of whole days (G88), a type that is
        new (G90), a cancelled instance with an old time (G66).
        """
        with self._state.lock:
            self._state.begin_operation()
            found = self._state.calendar(calendar)
            stored = StoredEvent(deepcopy(body), 0, raw=True)
            stored.body.setdefault("id", f"raw{self._state.serial():06d}")
            self._state.record_change(found, store_event(found, stored))

    def purge(self, calendar: str, event_id: str) -> None:
        """Remove a deleted event for good, so that reading it is a 404 (G31); its id stays taken (G26)."""
        with self._state.lock:
            found = self._state.calendar(calendar)
            for each in [*exceptions(found, event_id), found.events[event_id]]:
                found.gone_ids.add(each.id)
                del found.events[each.id]

    def event(self, calendar: str, event_id: str) -> Json:
        """Return an event or an instance, also a deleted one, as the calendar's owner sees it."""
        with self._state.lock:
            found = self._state.calendar(calendar)
            return self._render(found, find_event(found, event_id))

    def _render(self, calendar: Calendar, event: StoredEvent) -> Json:
        return render_event(self._state, calendar, event, Viewer(calendar.owner, "owner"))

    def _context(
        self,
        method: str,
        calendar: str,
        event_id: str = "",
        *,
        by: str,
        notify: bool,
        body: Json | None = None,
    ) -> Context:
        self._state.begin_operation()
        schema.check_body("Event", body or {})
        found = self._state.calendar(calendar)
        caller = Caller(by or found.owner, OWNER_CLIENT, OWNER_CLIENT, frozenset({"calendar"}))
        chosen = next(each for each in methods() if each.id == method)
        path = {"calendarId": found.id, "eventId": event_id}
        query = {"sendUpdates": "all" if notify else "none"}
        return Context(self._state, chosen, caller, path, query, deepcopy(body or {}))


def _split_recurrence(calendar: Calendar, master: StoredEvent, original: Json) -> tuple[list[str], list[str]]:
    """The recurrence rules of the part of a series before an instance, and of the part from it on.

    The first part ends with the local day before the instance (G63), or a second before it where the series
    has an instance earlier on that day.
    """
    before = 0
    earlier: Json = {}
    for instance in instances(master.body, calendar.time_zone):
        if instance.original == original:
            break
        before += 1
        earlier = instance.original
    if is_all_day(original):
        day = parse_timestamp(original["date"] + "T00:00:00+00:00") - timedelta(days=1)
        until = f"{day:%Y%m%d}"
    else:
        begins = datetime.fromisoformat(original["dateTime"])
        if earlier.get("dateTime", "")[:10] != original["dateTime"][:10]:
            begins = midnight(begins.date(), original["timeZone"])
        moment = begins.astimezone(UTC) - timedelta(seconds=1)
        until = f"{moment:%Y%m%dT%H%M%SZ}"
    left, rest = [], []
    for line in master.body["recurrence"]:
        if not line.startswith("RRULE"):
            left.append(line)
            rest.append(line)
            continue
        bare = re.sub(r";?(UNTIL|COUNT)=[^;]*", "", line)
        left.append(f"{bare};UNTIL={until}")
        count = re.search(r"COUNT=(\d+)", line)
        rest.append(re.sub(r"COUNT=\d+", f"COUNT={int(count.group(1)) - before}", line) if count else line)
    return left, rest
