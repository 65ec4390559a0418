"""Shows the whole state for inspection, without secrets, and holds the scripts of faults and pushes."""

from dataclasses import asdict
from typing import Any

from local.microsoft.api.context import Prefs
from local.microsoft.calendars import calendar_resource
from local.microsoft.errors import Json
from local.microsoft.events import event_resource
from local.microsoft.events.expansion import Window, occurrence, row, rows
from local.microsoft.faults import Fault, Faults
from local.microsoft.model import Calendar
from local.microsoft.oauth.grants import Grants
from local.microsoft.push.delivery import Delivery
from local.microsoft.state import World
from local.microsoft.times import parameter, stamp
from local.simulation.inspection import Levers

SEEN = Prefs(immutable=True)


class Inspection(Levers):
    """Reading without side effects, and the scripts of faults and pushes as plain JSON."""

    def __init__(self, world: World, grants: Grants, delivery: Delivery, faults: Faults) -> None:
        super().__init__(delivery, faults)
        self._world = world
        self._grants = grants

    def events(self, calendar: str) -> list[Json]:
        """What is stored in a calendar: single events, series and exceptions, with immutable ids."""
        with self._world.lock:
            items = self._calendar(calendar).items
            found = []
            for item in items.values():
                if item.series:
                    day = occurrence(items, items[item.series], item.original)
                    found += [day] if day is not None else []
                else:
                    found.append(row(item))
            return [
                event_resource.event(self._world, each, SEEN) | {"_properties": dict(each.item.properties)}
                for each in found
            ]

    def busy(self, calendar: str, *, time_min: str, time_max: str) -> list[list[str]]:
        """The merged busy times of a calendar (free, cancelled and declined ones left out), as UTC stamps."""
        with self._world.lock:
            window = Window(parameter(time_min), parameter(time_max))
            spans: list[list[str]] = []
            found = rows(self._calendar(calendar).items, window)
            for each in sorted(found, key=lambda one: (one.start, one.end)):
                answer = (each.body.get("responseStatus") or {}).get("response")
                free = each.body.get("showAs") in {"free", "workingElsewhere"}
                if free or each.body.get("isCancelled") or answer == "declined" or each.end <= each.start:
                    continue
                start, end = stamp(max(each.start, window.start)), stamp(min(each.end, window.end))
                if spans and start <= spans[-1][1]:
                    spans[-1][1] = max(spans[-1][1], end)
                else:
                    spans.append([start, end])
            return spans

    def calendars(self, account: str) -> list[Json]:
        """The calendars in a mailbox."""
        with self._world.lock:
            who = self._world.account(account)
            return [
                calendar_resource.calendar(who, seen, self._world.accounts[seen.calendar.owner])
                for seen in self._world.calendars_of(who.email)
            ]

    def subscriptions(self) -> list[Json]:
        """Every subscription, also ended and expired ones, without its clientState."""
        with self._world.lock:
            shown = []
            for each in self._world.subscriptions.values():
                plain = asdict(each)
                plain.pop("client_state")
                since = each.reauthorized
                plain |= {
                    "expires": stamp(each.expires),
                    "reauthorized": stamp(since) if since else None,
                    "live": not each.removed and each.expires > self._world.now(),
                }
                shown.append(plain)
            return shown

    def grants(self) -> list[Json]:
        """Who consented to what, and how many refresh tokens live."""
        with self._world.lock:
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
        """Everything."""
        with self._world.lock:
            world = self._world
            return {
                "now": stamp(world.now()),
                "change": world.change,
                "calendars": {email: self.calendars(email) for email in world.accounts},
                "events": {
                    each.id: self.events(each.id) for each in world.calendars.values() if not each.deleted
                },
                "subscriptions": self.subscriptions(),
                "grants": self.grants(),
                "mails": [asdict(mail) for mail in world.mails],
                "calls": [asdict(call) for call in world.calls],
                "pending_pushes": self.pending_pushes(),
                "faults": self.faults(),
            }

    def pending_pushes(self) -> list[Json]:
        """The notifications that wait, without their contents."""
        return [
            {
                "subscription": item.subscription,
                "kind": item.kind,
                "due": stamp(item.due),
                "attempt": item.attempt,
            }
            for item in self._outbox.pending()
        ]

    def add_fault(self, action: str, **options: Any) -> None:
        """Script a fault."""
        self._script.add(Fault(action, **options))

    def _calendar(self, name: str) -> Calendar:
        if name.lower() in self._world.accounts:
            return self._world.default_calendar(name.lower())
        return self._world.calendars[name]
