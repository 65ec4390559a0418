"""Does what people do in Outlook: the owner of a mailbox, an organizer, or an attendee."""

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta

from local.microsoft import ids
from local.microsoft.api.context import Preferences
from local.microsoft.errors import Json
from local.microsoft.events import (
    attendees,
    edits,
    event_resource,
    online_meetings,
    recurrence,
    responses,
    validation,
)
from local.microsoft.events.edits import series_of
from local.microsoft.events.expansion import (
    ListedEvent,
    Window,
    exceptions,
    listed_event,
    occurrence,
    occurrence_times,
    occurrences,
)
from local.microsoft.model import Calendar, Item
from local.microsoft.state import State
from local.microsoft.times import date_time_time_zone, format_timestamp, parse_parameter

IMMUTABLE_IDS = Preferences(immutable=True)


class Owner:
    """Edits by hand; every method takes the state's lock and notifies subscriptions as Graph does.

    A calendar is named by its id, or by the address of the mailbox whose default calendar it is.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def put_event(self, calendar: str, event: Json, *, zone_label: str = "", raw: Json | None = None) -> Json:
        """Create an event (single or recurring).

        `zone_label` is an odd time zone name that answers then show (fact M84); `raw` overrides properties
        in answers.
        """
        with self._state.lock:
            found = self._state.named_calendar(calendar)
            body = validation.new_event_body(
                deepcopy(event), longest_subject=self._state.settings.longest_subject
            )
            item = self._new(found, body, event)
            odd: Json = {"_label": zone_label} if zone_label else {}
            odd |= {"_raw": raw} if raw else {}
            item = self._state.store(replace(item, body=item.body | odd), kind="created")
            attendees.log_invitations(self._state, item)
            return self._render(listed_event(item))

    def put_raw(self, calendar: str, event_id: str, raw: Json) -> Json:
        """Have all answers show an event with these properties from now on, unchecked; none end that."""
        with self._state.lock:
            found = self._find(calendar, event_id)
            body = {name: value for name, value in found.item.body.items() if name != "_raw"}
            stored = self._state.store(replace(found.item, body=body | ({"_raw": raw} if raw else {})))
            return self._render(listed_event(stored))

    def edit_event(self, calendar: str, event_id: str, changes: Json) -> Json:
        """Change an event, a series (by its own id) or one occurrence (by the occurrence's id)."""
        with self._state.lock:
            return self._render(
                edits.change_event(self._state, self._find(calendar, event_id), deepcopy(changes))
            )

    def shift_event(self, calendar: str, event_id: str, *, minutes: int) -> Json:
        """Move an event, a series or one occurrence by some minutes; a negative number moves it earlier."""
        with self._state.lock:
            found, step = self._find(calendar, event_id), timedelta(minutes=minutes)
            zone = {name: found.body[name].get("timeZone") or "UTC" for name in ("start", "end")}
            changes = {
                "start": date_time_time_zone(found.start + step, zone["start"]),
                "end": date_time_time_zone(found.end + step, zone["end"]),
            }
            return self._render(edits.change_event(self._state, found, changes))

    def delete_event(self, calendar: str, event_id: str) -> None:
        """Delete an event, a whole series or one occurrence."""
        with self._state.lock:
            edits.delete_event(self._state, self._find(calendar, event_id))

    def restore_event(self, calendar: str, event_id: str) -> Json:
        """Bring a deleted event back into its calendar; only its immutable id stays the same (fact M25)."""
        with self._state.lock:
            key, _ = self._state.event_ids[event_id]
            item = self._state.deleted_events[key]
            back = replace(item, calendar=self._state.named_calendar(calendar).id, moves=item.moves + 1)
            return self._render(listed_event(self._state.store(back, kind="created")))

    def move_to_calendar(self, calendar: str, event_id: str, destination: str) -> Json:
        """Move an event to another calendar of the mailbox; only its immutable id stays the same.

        It notifies of a deletion and a creation (fact M134).
        """
        with self._state.lock:
            item, target = self._find(calendar, event_id).item, self._state.named_calendar(destination)
            series_exceptions = exceptions(self._state.calendars[item.calendar].items).get(item.key, [])
            for each in [*series_exceptions, item]:
                self._state.remove(each, notify=each is item, moved=True)
            moved = replace(item, calendar=target.id, moves=item.moves + 1)
            stored = self._state.store(moved, kind="created", moved=True)
            for each in series_exceptions:
                made = replace(each, calendar=target.id, moves=item.moves + 1)
                self._state.store(made, moved=True)
            return self._render(listed_event(stored))

    def split_series(self, calendar: str, day_id: str, changes: Json) -> Json:
        """Edit "this and following events": end the series before a day and begin a new one.

        Returns the new one.
        """
        with self._state.lock:
            found = self._find(calendar, day_id)
            master = series_of(self._state, found)
            before = sum(1 for day in self._days(master) if day < found.day)
            rule = master.body["recurrence"]
            day = date.fromisoformat(found.day)
            body = validation.patched_body(
                found.body
                | {
                    "recurrence": recurrence.continued_from(rule, day, before),
                    "start": date_time_time_zone(found.start, found.body["start"].get("timeZone") or "UTC"),
                    "end": date_time_time_zone(found.end, found.body["end"].get("timeZone") or "UTC"),
                },
                deepcopy(changes),
            )
            self._truncate(master, found.day)
            item = self._new(self._state.named_calendar(calendar), validation.aligned_times(body), {})
            return self._render(listed_event(self._state.store(item, kind="created")))

    def delete_following(self, calendar: str, day_id: str) -> Json:
        """Delete "this and following events": end the series before a day."""
        with self._state.lock:
            found = self._find(calendar, day_id)
            return self._render(listed_event(self._truncate(series_of(self._state, found), found.day)))

    def respond(self, calendar: str, event_id: str, response: str) -> None:
        """Answer an invitation: accept, tentativelyAccept or decline."""
        with self._state.lock:
            found = self._find(calendar, event_id)
            responses.record_response(self._state, found, response)
            owner = self._state.named_calendar(calendar).owner
            attendees.log_response(self._state, found.item, responses.RESPONSES[response][0], by=owner)

    def guest_responds(self, calendar: str, event_id: str, *, guest: str, response: str) -> Json:
        """Record an attendee's answer (accepted, tentativelyAccepted, declined)."""
        with self._state.lock:
            item = self._find(calendar, event_id).item
            people = deepcopy(item.body["attendees"])
            for each in people:
                if each["emailAddress"]["address"].lower() == guest.lower():
                    each["status"] = {"response": response, "time": format_timestamp(self._state.now())}
            return self._render(
                listed_event(self._state.store(replace(item, body=item.body | {"attendees": people})))
            )

    def receive_invitation(self, calendar: str, event: Json, *, organizer: str) -> Json:
        """Receive an invitation from somebody else; it is tentative and not yet answered."""
        with self._state.lock:
            found = self._state.named_calendar(calendar)
            guest = {"type": "required", "emailAddress": {"address": found.owner}}
            given = {"attendees": [guest], "showAs": "tentative"} | deepcopy(event)
            body = validation.new_event_body(given)
            body["responseStatus"] = {"response": "notResponded", "time": "0001-01-01T00:00:00Z"}
            item = replace(self._new(found, body, event), organizer=organizer, is_organizer=False)
            return self._render(listed_event(self._state.store(item, kind="created")))

    def organizer_cancels(self, calendar: str, event_id: str) -> Json:
        """Let the organizer cancel a meeting: the owner's copy stays, marked as cancelled (fact M64)."""
        with self._state.lock:
            item = self._find(calendar, event_id).item
            subject = f"Canceled: {item.body.get('subject') or ''}"
            body = item.body | {"isCancelled": True, "showAs": "free", "subject": subject}
            return self._render(listed_event(self._state.store(replace(item, body=body))))

    def event(self, calendar: str, event_id: str) -> Json:
        """Return an event, a series or one occurrence as the owner sees it."""
        with self._state.lock:
            return self._render(self._find(calendar, event_id))

    def days(self, calendar: str, event_id: str, *, start: str, end: str) -> list[Json]:
        """Return the occurrences of a series between two moments."""
        with self._state.lock:
            found, master = self._state.named_calendar(calendar), self._find(calendar, event_id).item
            series_exceptions = exceptions(found.items).get(master.key, [])
            window = Window(parse_parameter(start), parse_parameter(end))
            return [
                self._render(each) for each in occurrences(found.items, master, window, series_exceptions)
            ]

    def _days(self, master: Item) -> list[str]:
        limit = 5000
        return [day for _, (day, _, _) in zip(range(limit), occurrence_times(master), strict=False)]

    def _truncate(self, master: Item, day: str) -> Item:
        for each in exceptions(self._state.calendars[master.calendar].items).get(master.key, ()):
            if each.original >= day:
                self._state.remove(each, notify=False)
        rule = recurrence.truncated_before(master.body["recurrence"], date.fromisoformat(day))
        if rule["range"]["endDate"] < rule["range"]["startDate"]:
            self._state.remove(master)
            return master
        kept = frozenset(each for each in master.deleted_days if each < day)
        return self._state.store(replace(master, body=master.body | {"recurrence": rule}, deleted_days=kept))

    def _find(self, calendar: str, event_id: str) -> ListedEvent:
        items = self._state.named_calendar(calendar).items
        key, day = self._state.event_ids[event_id]
        found = occurrence(items, items[key], day) if day else listed_event(items[key])
        if found is None:
            raise KeyError(event_id)
        return found

    def _new(self, calendar: Calendar, body: Json, given: Json) -> Item:
        key = f"event{self._state.serial()}"
        # Fact M44: Outlook on the web sends a transactionId too.
        own = f"localevent:{ids.guid('local', key)}" if self._state.settings.owner_transactions else ""
        personal = self._state.accounts[calendar.owner].personal
        return Item(
            key=key,
            calendar=calendar.id,
            body=online_meetings.with_meeting(body, key, personal=personal),
            organizer=calendar.owner,
            transaction=given.get("transactionId") or own,
            properties=validation.extended_properties(given),
            extensions=validation.open_extensions(given),
        )

    def _render(self, found: ListedEvent) -> Json:
        return event_resource.render_event(self._state, found, IMMUTABLE_IDS)
