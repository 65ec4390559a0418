"""Shows the whole state for inspection: events, channels, grants, mails and calls, but no secrets."""

from dataclasses import asdict
from typing import Any

from local.google.calendars.calendar_resource import list_entry
from local.google.calendars.free_busy import busy_spans, merged
from local.google.errors import Json
from local.google.events.event_resource import Viewer, render
from local.google.events.expansion import Window
from local.google.faults import Fault, Faults
from local.google.oauth.grants import Grants
from local.google.push.delivery import Delivery
from local.google.state import World
from local.google.times import parameter, stamp
from local.simulation.inspection import Levers


class Inspection(Levers):
    """Reading without side effects, and the scripts of faults and pushes as plain JSON."""

    def __init__(self, world: World, grants: Grants, delivery: Delivery, faults: Faults) -> None:
        super().__init__(delivery, faults)
        self._world = world
        self._grants = grants

    def events(self, calendar: str, *, cancelled: bool = True) -> list[Json]:
        """The stored events of a calendar, masters and exceptions, as its owner sees them."""
        with self._world.lock:
            found = self._world.calendars[calendar]
            viewer = Viewer(found.owner, "owner")
            stored = [event for event in found.events.values() if cancelled or not event.cancelled]
            return [render(self._world, found, event, viewer) for event in stored]

    def busy(self, calendar: str, *, time_min: str, time_max: str) -> list[list[str]]:
        """The merged busy times of a calendar, as pairs of UTC stamps."""
        with self._world.lock:
            window = Window(parameter(time_min), parameter(time_max))
            spans = merged(busy_spans(self._world.calendars[calendar], window), window)
            return [[stamp(start), stamp(end)] for start, end in spans]

    def channels(self) -> list[Json]:
        """Every channel, also stopped and expired ones, without its token."""
        with self._world.lock:
            now = self._world.now()
            shown = []
            for channel in self._world.channels.values():
                plain = asdict(channel) | {"expires": stamp(channel.expires)}
                plain.pop("token")
                shown.append(plain | {"live": not channel.stopped and channel.expires > now})
            return shown

    def grants(self) -> list[Json]:
        """Who granted what, and how many refresh tokens live."""
        with self._world.lock:
            shown = []
            for (account, project), scopes in self._grants.granted.items():
                held = [each for each in self._grants.refresh_tokens.values() if each.account == account]
                live = sum(1 for each in held if self._world.clients[each.client].project == project)
                shown.append(
                    {"account": account, "project": project, "scopes": sorted(scopes), "refresh_tokens": live}
                )
            return shown

    def state(self) -> Json:
        """Everything."""
        with self._world.lock:
            world = self._world
            lists = {
                account.email: [list_entry(world.calendars[name], account) for name in account.entries]
                for account in world.accounts.values()
            }
            return {
                "now": stamp(world.now()),
                "change": world.change,
                "calendar_lists": lists,
                "events": {calendar.id: self.events(calendar.id) for calendar in world.calendars.values()},
                "channels": self.channels(),
                "grants": self.grants(),
                "mails": [asdict(mail) for mail in world.mails],
                "calls": [asdict(call) for call in world.calls],
                "pending_pushes": self.pending_pushes(),
                "faults": self.faults(),
            }

    def pending_pushes(self) -> list[Json]:
        """The notifications that wait, without channel tokens."""
        return [
            {"channel": item.channel, "state": item.state, "due": stamp(item.due), "attempt": item.attempt}
            for item in self._outbox.pending()
        ]

    def add_fault(self, action: str, **options: Any) -> None:
        """Script a fault; a `stale` one freezes its calendar as it is now."""
        fault = Fault(action, **options)
        if action == "stale":
            with self._world.lock:
                fault.frozen = self._world.frozen(fault.calendar)
        self._script.add(fault)
