"""One API call after routing: the method, its caller, and its checked arguments."""

from dataclasses import dataclass, field
from typing import Any

from local.google.api import usage
from local.google.api.schema import Method
from local.google.calendars import access
from local.google.errors import Json, condition_not_met, invalid, required
from local.google.events.event_resource import Viewer, render_event
from local.google.model import Calendar, Caller, StoredEvent
from local.google.state import State
from local.google.times import checked_zone


@dataclass(slots=True)
class Context:
    """What a handler gets to answer one API call.

    `page_fault` and `stale_calendar` are set by scripted faults; `etag` is what the handler wants in the
    ETag header.
    """

    state: State
    method: Method
    caller: Caller
    path: dict[str, str]
    query: Json
    body: Json
    if_match: str = ""
    if_none_match: str = ""
    page_fault: str = ""
    stale_calendar: Calendar | None = None
    etag: str = field(default="", init=False)

    def calendar(self, name: str = "calendarId") -> tuple[Calendar, str]:
        """Return the calendar that the path names, and the role that the caller effectively has on it."""
        calendar, role = access.calendar_with_role(self.state, self.method, self.caller, self.path[name])
        if self.stale_calendar is not None and self.stale_calendar.id == calendar.id:
            return self.stale_calendar, role
        return calendar, role

    def writable_calendar(self) -> tuple[Calendar, str]:
        """Return the calendar that the path names and the caller's role.

        403 unless the role may write events.
        """
        calendar, role = self.calendar()
        access.require_writer(role)
        if not self.caller.by_hand:
            usage.count_write(self.state, calendar, self.caller.account)
        return calendar, role

    def argument(self, name: str, default: Any = None) -> Any:
        """Return a query parameter, already converted to its declared type."""
        return self.query.get(name, default)

    def viewer(self, role: str) -> Viewer:
        """Describe who reads the answer: caller, role, the time zone and attendee limit asked for."""
        time_zone = self.argument("timeZone", "")
        if time_zone:
            checked_zone(time_zone)
        return Viewer(self.caller.account, role, time_zone, self.argument("maxAttendees", 0))

    def event_answer(self, calendar: Calendar, event: StoredEvent, role: str) -> Json:
        """Render an event for this caller, and remember its etag for the ETag header."""
        shown = render_event(self.state, calendar, event, self.viewer(role))
        self.etag = str(shown["etag"])
        return shown

    def require_if_match(self, calendar: Calendar, event: StoredEvent) -> None:
        """Answer 412 if the request's If-Match header names another version of the event.

        https://developers.google.com/workspace/calendar/api/guides/version-resources
        """
        current = self.state.etag(calendar, event, self.caller.account)
        if self.if_match not in {"", "*", current}:
            raise condition_not_met()

    def required_text(self, name: str, *, limit: int = 0) -> str:
        """Return a text field of the body.

        400 if it is missing, empty or longer than `limit` (0: no limit).
        """
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise required(f"Missing {name}.", name)
        if limit and len(value) > limit:
            raise invalid("Invalid Value", name)
        return value
