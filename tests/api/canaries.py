"""A connection's whole life with a marker ("canary") in every field of every event; collects all output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from common import wiring
from common.domain.calendar.connection import ProviderKind
from tests.api.canary_events import BIRDS, KINDS, canary_of, google_event, graph_event
from tests.api.conftest import Answer, Http
from tests.world import ACCOUNT, OUTLOOK, RETURN_TO, World

STAFF, OWNER, SUPPORT = "staff.t1.anna", "owner.t1.-", "support.t1.-"
WINDOW = "from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"


@dataclass
class RecordingHttp(Http):
    """Calls the API and remembers every answer by who asked for what."""

    world: World
    answers: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, method: str, path: str, *, token: str | None = OWNER, **options: Any) -> Answer:
        answer = super().__call__(method, path, token=token, **options)
        name = f"{token or 'public'} {method} {path.partition('?')[0]} {answer.status}"
        text = json.dumps([answer.body, answer.headers], ensure_ascii=False, default=str)
        self.answers.append((name, text))
        return answer


@dataclass
class ConnectionLife:
    """The life of one connection of one provider in one import mode, from consent to erasure."""

    provider: ProviderKind
    mode: str
    private: str
    followed: bool = True
    show: bool = False
    connection: str = ""
    said: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def run(self) -> Iterator[ConnectionLife]:
        """Run every flow; afterwards ``said`` holds everything that was stored or sent, by place."""
        world = World()
        world.account()
        world.outlook()
        world.catalogue()
        world.install()
        try:
            http = RecordingHttp(world)
            self._begin(http)
            self._change_and_ask(http)
            self.said["store"] = stored(world)
            self._disconnect_and_erase(http)
            self.said |= places(http)
            yield self
        finally:
            wiring.use(None)

    @property
    def google(self) -> bool:
        return self.provider is ProviderKind.GOOGLE

    def _begin(self, http: RecordingHttp) -> None:
        """Make events, webhooks, an invitation and a feed; connect, choose calendars, synchronise."""
        world = http.world
        self._enter(world, "open", 9)
        self._enter(world, "hush", 11)
        http("POST", "/hooks", json={"url": "https://shop.example/hooks"})
        http("POST", "/invitations", json={"resource": "anna", "return_to": RETURN_TO})
        http("POST", "/resources/anna/feed", token=STAFF, json={"shows": "titles"})
        wish = {"provider": self.provider.value, "resource": "anna", "return_to": RETURN_TO}
        started = http("POST", "/connections", token=STAFF, json=wish)
        side: Any = world.google if self.google else world.microsoft
        back = side.consent(started.body["authorization_url"], account=ACCOUNT if self.google else OUTLOOK)
        ended = http("GET", f"/oauth_callback?{urlsplit(back).query}", token=None)
        self.connection = parse_qs(urlsplit(ended.headers["Location"]).query)["connection"][0]
        one = f"/connections/{self.connection}"
        chosen = {"imports": {"mode": self.mode, "private": self.private}, "show_events": self.show}
        assert http("PATCH", one, token=STAFF, json=chosen).status == 200
        if not self.followed:
            for calendar in http("GET", f"{one}/calendars", token=STAFF).body["calendars"]:
                path = f"{one}/calendars/{calendar['key']}"
                assert http("PATCH", path, token=STAFF, json={"use": "none"}).status == 200
        http("GET", f"{one}/preview", token=STAFF)
        http("POST", f"{one}/sync", token=STAFF, json={})
        world.drain()

    def _enter(self, world: World, kind: str, hour: int, **more: Any) -> str:
        if self.google:
            return str(world.google.owner.put_event(ACCOUNT, google_event(kind, hour, **more))["id"])
        return str(world.microsoft.owner.put_event(OUTLOOK, graph_event(kind, hour, **more))["id"])

    def _change_and_ask(self, http: RecordingHttp) -> None:
        """Change events by push, list everything afresh, and send every request that reads something."""
        world = http.world
        for kind in KINDS:
            later = self._enter(world, kind, 14)
            self._title(world, later, f"{canary_of(kind, 'title')} again")
        if self.google:
            poison = {"id": "poison1", "start": canary_of("open", "poison")}
            world.google.add_fault("poison", method="events.list", event=poison)
        world.drain()
        (world.google if self.google else world.microsoft).admin.expire_sync_tokens()
        self._enter(world, "open", 8)
        world.drain()
        world.maintain()
        world.drain()
        made = self._book(http)
        self._ask(http, made)
        world.drain()

    def _title(self, world: World, event: str, title: str) -> None:
        if self.google:
            world.google.owner.edit_event(ACCOUNT, event, {"summary": title})
        else:
            world.microsoft.owner.edit_event(OUTLOOK, event, {"subject": title})

    def _book(self, http: RecordingHttp) -> Any:
        customer = {"name": "Zoe", "email": "zoe@example.com"}
        body = {"service": "cut", "resource": "anna", "customer": customer}
        http("POST", "/bookings?tenant=t1", token=None, json=body | {"start": "2027-03-16T11:00:00+01:00"})
        made = http(
            "POST", "/bookings?tenant=t1", token=None, json=body | {"start": "2027-03-16T16:00:00+01:00"}
        )
        assert made.status == 201, made.body
        http.world.drain()
        path, token = f"/bookings/{made.body['id']}?tenant=t1", made.body["management_token"]
        http("PATCH", path, token=token, json={"start": "2027-03-16T11:00:00+01:00"})
        moved = http("PATCH", path, token=token, json={"start": "2027-03-16T16:15:00+01:00"})
        assert moved.status == 200, moved.body
        return made.body

    def _ask(self, http: RecordingHttp, made: Any) -> None:
        one = f"/connections/{self.connection}"
        http("GET", f"/slots?tenant=t1&service=cut&{WINDOW}", token=None)
        for hour in (8, 9, 11, 14, 16):
            at = f"2027-03-16T{hour:02}:00:00%2B01:00"
            http("GET", f"/slots/explain?service=cut&resource=anna&at={at}", token=STAFF)
        http("GET", f"/overview?resource=anna&{WINDOW}", token=STAFF)
        http("GET", f"/overview?resource=anna&{WINDOW}", token=SUPPORT)
        http("POST", "/tenant/support", json={"reason": "look"})
        http("GET", f"/overview?resource=anna&{WINDOW}", token=SUPPORT)
        for rest in (
            "",
            "/health",
            "/progress",
            "/calendars",
            "/receipt",
            "/events/abc",
            "/events?calendar=x",
        ):
            http("GET", f"{one}{rest}", token=STAFF)
        for calendar in http("GET", f"{one}/calendars", token=STAFF).body["calendars"]:
            http("GET", f"{one}/events?calendar={calendar['key']}&{WINDOW}", token=STAFF)
            http("GET", f"{one}/events?calendar={calendar['key']}&{WINDOW}", token="owner.t2.-")
        feed = http("POST", "/resources/anna/feed", token=STAFF, json={"shows": "titles"}).body["url"]
        http("GET", f"/feeds/{feed.rsplit('/', 1)[1]}", token=None)
        http("GET", f"/bookings/{made['id']}", token=STAFF)
        for path in (
            "/tenant",
            "/tenant/notices",
            "/tenant/dead_letters",
            "/tenant/audit",
            "/hooks",
            "/invitations",
        ):
            http("GET", path)
        self._export(http)

    def _export(self, http: RecordingHttp) -> None:
        after: dict[str, str] = {}
        while True:
            page = http("POST", "/tenant/export", json=after).body
            if not page.get("next"):
                return
            after = {"after": page["next"]}

    def _disconnect_and_erase(self, http: RecordingHttp) -> None:
        """Revoke the grant and send the notices; disconnect; erase the tenant."""
        world = http.world
        if self.google:
            world.google.admin.revoke_grant(ACCOUNT)
        else:
            world.microsoft.admin.revoke_grant(OUTLOOK)
        self._enter(world, "open", 12)
        world.drain()
        world.advance(hours=2)
        world.maintain()
        world.drain()
        http("GET", f"/slots?tenant=t1&service=cut&{WINDOW}", token=None)
        http("GET", f"/overview?resource=anna&{WINDOW}", token=STAFF)
        http("GET", f"/connections/{self.connection}/preview", token=STAFF)
        http("DELETE", f"/connections/{self.connection}", token=STAFF)
        world.drain()
        self.said["store after disconnecting"] = stored(world)
        http("POST", "/tenant/erasures", json={"confirm": "t1"})
        world.drain()
        world.advance(hours=1)
        self.said["store after erasing"] = stored(world)


def stored(world: World) -> str:
    """Everything in the database as text, packed columns unpacked."""
    documents: Any = world.documents
    return "\n".join(f"{item.path} {item.data}" for item in documents.get(documents.paths()))


def places(http: RecordingHttp) -> dict[str, str]:
    """Everything that was sent: log lines, tasks, mails, webhooks, and answers by who asked for what."""
    world = http.world
    mails = [
        "\n".join(map(str, (mail.subject, mail.to, mail.text, mail.html, mail.calendar, mail.mail.raw)))
        for mail in world.postbox.mails
    ]
    tasks = [f"{done.task.name} {json.dumps(dict(done.task.payload))}" for done in world.done]
    said = {
        "log": "\n".join(world.log.lines),
        "tasks": "\n".join(tasks),
        "mails": "\n".join(mails),
        "hooks": "\n".join(f"{item.url} {item.headers} {item.body}" for item in world.targets.posted),
    }
    for name, text in http.answers:
        said[f"answer: {name}"] = said.get(f"answer: {name}", "") + text
    return said


def canaries_by_place(life: ConnectionLife, birds: tuple[str, ...] = BIRDS) -> set[tuple[str, str]]:
    """The canaries that were found, each with its place."""
    return {(place, name) for place, text in life.said.items() for name in birds if name in text}
