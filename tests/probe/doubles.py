"""The doubles as the probe meets them: over HTTP, with somebody who consents, clicks and answers."""

import threading
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import requests

from local.google import GoogleServer, GoogleSimulator
from local.google import Settings as GoogleSettings
from local.microsoft import MicrosoftServer, MicrosoftSimulator, WebhookReply
from local.microsoft import Settings as MicrosoftSettings
from scripts.probe.command import Terminal, main

# Words that may be nowhere in a report.
SECRET = "canary-secret"
GUEST = "canary-guest@example.test"
HOOK = "https://canary-hook.example.test/canary-path"


class Double:
    """A double with one account, and the options that make the probe meet it."""

    provider = ""
    account = ""

    def __init__(self):
        self.sim = self.simulator()
        self.server = None
        self.lines = []
        self.pauses = []
        self.answers = ["y"]
        self.interrupt_at = ""
        self.consents = []

    def __enter__(self):
        self.server = self.served()
        self.server.__enter__()
        return self

    def __exit__(self, *error):
        for thread in self.consents:
            thread.join(timeout=10)
        self.server.__exit__(*error)

    def run(self, *options):
        """Run the command to its end, and return its exit code: 0, or the reason."""
        given = [
            self.provider,
            "--client-id",
            "client",
            "--client-secret",
            SECRET,
            *self.endpoints(),
            *options,
        ]
        terminal = Terminal(
            show=self.shown,
            answer=lambda _question: self.answers.pop(0) if self.answers else "",
            pause=self.pauses.append,
            now=lambda: datetime.now(UTC),
            hands=self,
        )
        try:
            main(given, terminal=terminal)
        except SystemExit as ending:
            return ending.code
        return 0

    def tried(self, *options):
        """Run with everything that a fact may need, and return the exit code."""
        return self.run("--yes", "--by-hand", "--guest", GUEST, "--push-address", HOOK, *options)

    def shown(self, text):
        self.lines.append(text)
        if "code_challenge=" in text:
            self.consents.append(threading.Thread(target=self.consent, args=(text,)))
            self.consents[-1].start()
        if self.interrupt_at and text.startswith(self.interrupt_at):
            raise KeyboardInterrupt

    def consent(self, address):
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.sim.admin.add_client("client", secret=SECRET, redirect_uris=[asked["redirect_uri"]])
        back = self.sim.consent(address, account=self.account)
        requests.get(back.replace("//localhost", "//127.0.0.1"), timeout=10).close()


class GoogleDouble(Double):
    provider = "google"
    account = "canary-ada@example.test"

    def simulator(self):
        sim = GoogleSimulator(
            settings=GoogleSettings(allow_http_push=True), send_push=lambda _address, _headers: 204
        )
        sim.admin.add_client("client", secret=SECRET, redirect_uris=["http://127.0.0.1:1/"])
        sim.admin.add_account(self.account, name="Canary Ada", time_zone="Europe/Zurich")
        self.home = self.account
        sim.owner.put_event(self.home, self.own_event())
        return sim

    def own_event(self):
        times = {"start": {"dateTime": "2026-12-24T09:00:00Z"}, "end": {"dateTime": "2026-12-24T10:00:00Z"}}
        return {"summary": "canary-title"} | times

    def served(self):
        return GoogleServer(self.sim)

    def endpoints(self):
        return (
            *("--calendar-endpoint", self.server.calendar_endpoint),
            *("--google-consent-endpoint", self.server.auth_uri),
            *("--google-token-endpoint", self.server.token_uri),
            *("--google-revoke-endpoint", self.server.revoke_uri),
        )

    def token(self):
        scopes = ["calendar.calendarlist.readonly", "calendar.events", "calendar.app.created"]
        return self.sim.admin.grant(self.account, "client", scopes)["refresh_token"]

    def act(self, task, *, title, calendar, event, target=""):
        if task == "delete_event":
            self.sim.owner.delete_event(calendar, event)
        elif task == "delete_following":
            self.sim.owner.delete_following(calendar, event)
        else:
            self.sim.owner.split_series(calendar, event, {"summary": f"{title} changed"})

    def calendars(self):
        lists = self.sim.inspect.state()["calendar_lists"][self.account]
        return sorted(each["summary"] for each in lists if not each.get("deleted"))

    def add_calendar(self, name):
        return self.sim.admin.add_calendar(self.account, name)

    def open_channels(self):
        return [each for each in self.sim.inspect.channels() if not each["stopped"]]

    def own_events(self):
        return [(each["id"], each["etag"]) for each in self.sim.inspect.events(self.home)]


class MicrosoftDouble(Double):
    provider = "microsoft"
    account = "canary-ada@contoso.test"

    def simulator(self):
        settings = MicrosoftSettings(allow_http_push=True)
        sim = MicrosoftSimulator(settings=settings, send_push=self.webhook)
        sim.admin.add_client("client", secret=SECRET, redirect_uris=["http://127.0.0.1:1/"])
        sim.admin.add_account(self.account, name="Canary Ada")
        self.home = sim.admin.default_calendar(self.account)
        sim.owner.put_event(self.home, self.own_event())
        return sim

    def own_event(self):
        times = {
            name: {"dateTime": f"2026-12-24T{hour}:00:00", "timeZone": "UTC"}
            for name, hour in (("start", "09"), ("end", "10"))
        }
        return {"subject": "canary-title"} | times

    def webhook(self, address, _headers, _body):
        token = parse_qs(urlsplit(address).query).get("validationToken")
        return WebhookReply(200, token[0], "text/plain") if token else WebhookReply(202)

    def served(self):
        return MicrosoftServer(self.sim)

    def endpoints(self):
        server = self.server
        return ("--graph-endpoint", server.graph_endpoint, "--login-endpoint", server.login_endpoint)

    def token(self):
        scopes = ["openid", "offline_access", "Calendars.ReadWrite"]
        return self.sim.admin.grant(self.account, "client", scopes)["refresh_token"]

    def act(self, task, *, title, calendar, event, target=""):
        if task == "delete_event":
            self.sim.owner.delete_event(calendar, event)
        else:
            places = {"move_event": (calendar, target), "move_back": (target, calendar)}
            source, destination = places[task]
            self.sim.owner.move_to_calendar(source, event, destination)

    def calendars(self):
        return sorted(each["name"] for each in self.sim.inspect.calendars(self.account))

    def add_calendar(self, name):
        return self.sim.admin.add_calendar(self.account, name)

    def open_channels(self):
        return [each for each in self.sim.inspect.subscriptions() if each["live"]]

    def own_events(self):
        return [(each["id"], each["@odata.etag"]) for each in self.sim.inspect.events(self.home)]
