"""One API request after routing: who calls what with which arguments."""

from dataclasses import dataclass, field
from typing import Any

from local.google.api.schema import Method
from local.google.calendars import access
from local.google.errors import Json, condition_not_met, invalid, required
from local.google.events.event_resource import Viewer, render
from local.google.model import Calendar, Caller, Stored
from local.google.state import World
from local.google.times import known_zone


@dataclass(slots=True)
class Context:
    """The request a handler answers."""

    world: World
    method: Method
    caller: Caller
    path: dict[str, str]
    query: Json
    body: Json
    if_match: str = ""
    if_none_match: str = ""
    paging: str = ""
    stale: Calendar | None = None
    etag: str = field(default="", init=False)

    def calendar(self, name: str = "calendarId") -> tuple[Calendar, str]:
        """The calendar the path names and the caller's role on it."""
        calendar, role = access.open_calendar(self.world, self.method, self.caller, self.path[name])
        if self.stale is not None and self.stale.id == calendar.id:
            return self.stale, role
        return calendar, role

    def writable(self) -> tuple[Calendar, str]:
        """The calendar the path names, if the caller may write events there."""
        calendar, role = self.calendar()
        access.need_writer(role)
        return calendar, role

    def argument(self, name: str, default: Any = None) -> Any:
        """A typed query parameter."""
        return self.query.get(name, default)

    def viewer(self, role: str) -> Viewer:
        """The caller as a viewer with the wishes of this request."""
        time_zone = self.argument("timeZone", "")
        if time_zone:
            known_zone(time_zone)
        return Viewer(self.caller.account, role, time_zone, self.argument("maxAttendees", 0))

    def show(self, calendar: Calendar, event: Stored, role: str) -> Json:
        """An event as the answer shows it."""
        shown = render(self.world, calendar, event, self.viewer(role))
        self.etag = str(shown["etag"])
        return shown

    def need_match(self, calendar: Calendar, event: Stored) -> None:
        """412 if the request's If-Match names another version."""
        current = self.world.etag(calendar, event, self.caller.account)
        if self.if_match not in {"", "*", current}:
            raise condition_not_met()

    def text(self, name: str, *, limit: int = 0) -> str:
        """A required text of the body."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise required(f"Missing {name}.", name)
        if limit and len(value) > limit:
            raise invalid("Invalid Value", name)
        return value
