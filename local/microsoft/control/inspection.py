"""Shows what the simulator holds (events, subscriptions, grants, mails, calls), but no secrets."""

from dataclasses import asdict
from typing import Any

from local.microsoft.api.context import Preferences
from local.microsoft.calendars import calendar_resource
from local.microsoft.errors import Json
from local.microsoft.events import event_resource
from local.microsoft.events.expansion import Window, listed_event, listed_events, occurrence
from local.microsoft.faults import Fault, Faults
from local.microsoft.oauth.grants import Grants
from local.microsoft.push.delivery import Delivery
from local.microsoft.state import State
from local.microsoft.times import format_timestamp, parse_parameter
from local.simulation.inspection import SimulatorInspection

IMMUTABLE_IDS = Preferences(immutable=True)


class Inspection(SimulatorInspection):
    """Reads the state without changing it, and controls pending pushes and scripted faults, as plain JSON."""

    def __init__(self, state: State, grants: Grants, delivery: Delivery, faults: Faults) -> None:
        super().__init__(delivery, faults)
        self._state = state
        self._grants = grants

    def events(self, calendar: str) -> list[Json]:
        """Return what is stored in a calendar: single events, series and exceptions, with immutable ids."""
        with self._state.lock:
            items = self._state.named_calendar(calendar).items
            found = []
            for item in items.values():
                if item.series:
                    day = occurrence(items, items[item.series], item.original)
                    found += [day] if day is not None else []
                else:
                    found.append(listed_event(item))
            return [
                event_resource.render_event(self._state, each, IMMUTABLE_IDS)
                | {"_properties": dict(each.item.properties)}
                for each in found
            ]

    def busy(self, calendar: str, *, time_min: str, time_max: str) -> list[list[str]]:
        """Return the merged busy times of a calendar as pairs of UTC timestamps.

        Free, cancelled and declined events do not count.
        """
        with self._state.lock:
            window = Window(parse_parameter(time_min), parse_parameter(time_max))
            spans: list[list[str]] = []
            found = listed_events(self._state.named_calendar(calendar).items, window)
            for each in sorted(found, key=lambda one: (one.start, one.end)):
                answer = (each.body.get("responseStatus") or {}).get("response")
                free = each.body.get("showAs") in {"free", "workingElsewhere"}
                if free or each.body.get("isCancelled") or answer == "declined" or each.end <= each.start:
                    continue
                start, end = (
                    format_timestamp(max(each.start, window.start)),
                    format_timestamp(min(each.end, window.end)),
                )
                if spans and start <= spans[-1][1]:
                    spans[-1][1] = max(spans[-1][1], end)
                else:
                    spans.append([start, end])
            return spans

    def calendars(self, account: str) -> list[Json]:
        """Return the calendars in a mailbox."""
        with self._state.lock:
            who = self._state.account(account)
            return [
                calendar_resource.render_calendar(
                    who, mailbox_calendar, self._state.accounts[mailbox_calendar.calendar.owner]
                )
                for mailbox_calendar in self._state.calendars_of(who.email)
            ]

    def subscriptions(self) -> list[Json]:
        """Return every subscription, also ended and expired ones, without its clientState."""
        with self._state.lock:
            shown = []
            for each in self._state.subscriptions.values():
                plain = asdict(each)
                plain.pop("client_state")
                plain |= {
                    "expires": format_timestamp(each.expires),
                    "created": format_timestamp(each.created) if each.created else None,
                    "reauthorized": format_timestamp(each.reauthorized) if each.reauthorized else None,
                    "live": not each.removed and each.expires > self._state.now(),
                }
                shown.append(plain)
            return shown

    def grants(self) -> list[Json]:
        """Return which account consented to which permissions, and how many refresh tokens are valid."""
        with self._state.lock:
            held = self._grants.refresh_tokens.values()
            return [
                {
                    "account": account,
                    "app": app,
                    "scopes": sorted(scopes),
                    "refresh_tokens": sum(
                        1 for each in held if (each.account, each.app) == (account, app) and not each.revoked
                    ),
                }
                for (account, app), scopes in self._grants.consents.items()
            ]

    def state(self) -> Json:
        """Return everything that can be inspected, in one object."""
        with self._state.lock:
            state = self._state
            return {
                "now": format_timestamp(state.now()),
                "change": state.change,
                "calendars": {email: self.calendars(email) for email in state.accounts},
                "events": {
                    each.id: self.events(each.id) for each in state.calendars.values() if not each.deleted
                },
                "subscriptions": self.subscriptions(),
                "grants": self.grants(),
                "mails": [asdict(mail) for mail in state.mails],
                "calls": [asdict(call) for call in state.calls],
                "pending_pushes": self.pending_pushes(),
                "faults": self.faults(),
            }

    def pending_pushes(self) -> list[Json]:
        """Return the notifications that wait for delivery, without their contents."""
        return [
            {
                "subscription": item.subscription,
                "kind": item.kind,
                "due": format_timestamp(item.due),
                "attempt": item.attempt,
            }
            for item in self._push_queue.pending()
        ]

    def add_fault(self, action: str, **options: Any) -> None:
        """Script a fault."""
        self._fault_script.add(Fault(action, **options))
