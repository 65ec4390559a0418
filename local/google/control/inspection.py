"""Shows what the simulator holds (events, channels, grants, mails, calls), but no secrets."""

from dataclasses import asdict
from typing import Any

from local.google.calendars.calendar_resource import render_list_entry
from local.google.calendars.free_busy import busy_spans, merged
from local.google.errors import Json
from local.google.events.event_resource import Viewer, render_event
from local.google.events.expansion import Window
from local.google.faults import Fault, Faults
from local.google.oauth.grants import Grants
from local.google.push.delivery import Delivery
from local.google.state import State
from local.google.times import format_timestamp, parse_parameter
from local.simulation.inspection import SimulatorInspection


class Inspection(SimulatorInspection):
    """Reads the state without changing it, and controls pending pushes and scripted faults, as plain JSON."""

    def __init__(self, state: State, grants: Grants, delivery: Delivery, faults: Faults) -> None:
        super().__init__(delivery, faults)
        self._state = state
        self._grants = grants

    def events(self, calendar: str, *, cancelled: bool = True) -> list[Json]:
        """Return the stored events of a calendar, series and exceptions too, as its owner sees them."""
        with self._state.lock:
            found = self._state.calendars[calendar]
            viewer = Viewer(found.owner, "owner")
            stored = [event for event in found.events.values() if cancelled or not event.cancelled]
            return [render_event(self._state, found, event, viewer) for event in stored]

    def busy(self, calendar: str, *, time_min: str, time_max: str) -> list[list[str]]:
        """Return the merged busy times of a calendar as pairs of UTC timestamps."""
        with self._state.lock:
            window = Window(parse_parameter(time_min), parse_parameter(time_max))
            spans = merged(busy_spans(self._state.calendars[calendar], window), window)
            return [[format_timestamp(start), format_timestamp(end)] for start, end in spans]

    def channels(self) -> list[Json]:
        """Return every push channel, also stopped and expired ones, without its token."""
        with self._state.lock:
            now = self._state.now()
            shown = []
            for channel in self._state.channels.values():
                plain = asdict(channel) | {"expires": format_timestamp(channel.expires)}
                plain.pop("token")
                stopped = plain.pop("stopped_at") is not None
                shown.append(plain | {"stopped": stopped, "live": not stopped and channel.expires > now})
            return shown

    def grants(self) -> list[Json]:
        """Return which account consented to which scopes, and how many refresh tokens are valid."""
        with self._state.lock:
            shown = []
            for (account, project), scopes in self._grants.granted.items():
                held = [each for each in self._grants.refresh_tokens.values() if each.account == account]
                live = sum(1 for each in held if self._state.clients[each.client].project == project)
                shown.append(
                    {"account": account, "project": project, "scopes": sorted(scopes), "refresh_tokens": live}
                )
            return shown

    def state(self) -> Json:
        """Return everything that can be inspected, in one object."""
        with self._state.lock:
            state = self._state
            lists = {
                account.email: [render_list_entry(state.calendars[name], account) for name in account.entries]
                for account in state.accounts.values()
            }
            return {
                "now": format_timestamp(state.now()),
                "change": state.change,
                "calendar_lists": lists,
                "events": {calendar.id: self.events(calendar.id) for calendar in state.calendars.values()},
                "channels": self.channels(),
                "grants": self.grants(),
                "mails": [asdict(mail) for mail in state.mails],
                "calls": [asdict(call) for call in state.calls],
                "pending_pushes": self.pending_pushes(),
                "faults": self.faults(),
            }

    def pending_pushes(self) -> list[Json]:
        """Return the notifications that wait for delivery, without channel tokens."""
        return [
            {
                "channel": item.channel,
                "state": item.state,
                "due": format_timestamp(item.due),
                "attempt": item.attempt,
            }
            for item in self._push_queue.pending()
        ]

    def add_fault(self, action: str, **options: Any) -> None:
        """Script a fault.

        For the action `stale`, the calendar's present state is copied and shown from then on.
        """
        fault = Fault(action, **options)
        if action == "stale":
            with self._state.lock:
                fault.frozen = self._state.copy_calendar(fault.calendar)
        self._fault_script.add(fault)
