"""Runs all in one process: virtual clock, memory store, simulated providers, task engine, functions."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from common.api.tasks import run_flow, run_task
from common.config import Config
from common.crypto.keys import HmacKeys
from common.crypto.token_verifier import installation_verifier
from common.crypto.vault import TinkVault, new_keyset
from common.domain.calendar.connection import ProviderKind
from common.domain.shared.tasks import Lane, Payload, Task, Work
from common.errors import InvalidRequest, SyncError
from common.mail.mailer import MimeMailer
from common.ports import Ports
from common.ports.machine import Tuning
from common.ports.provider import Provider
from common.providers.google.authorizer import GoogleAuthorizer, GoogleRegistration
from common.providers.google.calendar import GoogleCalendar
from common.providers.google.client import GoogleClient
from common.providers.microsoft.authorizer import MicrosoftAuthorizer, MicrosoftRegistration
from common.providers.microsoft.calendar import MicrosoftCalendar
from common.providers.microsoft.client import GraphClient
from common.providers.registry import ProviderRegistry
from common.push_ports import PushPorts
from common.store import stores
from common.store.firestore.documents import Documents
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.faults import Faults
from local.cloud_tasks.model import HttpRequest, QueueSettings
from local.firestore_memory.documents import MemoryDocuments
from local.google import GoogleSimulator
from local.google import Settings as GoogleSettings
from local.microsoft import MicrosoftSimulator
from local.microsoft import Settings as MicrosoftSettings
from local.microsoft import WebhookReply as PushReply
from tests.recipients import SENDER, Mailbox, WebhookTargets
from tests.stand_ins import EngineQueue, LogLines, WorldClock
from tests.transports import WsgiHttp, wsgi_session

START = datetime(2027, 3, 15, 8, 0, tzinfo=UTC)
BASE = "https://functions.example"
REDIRECT = f"{BASE}/oauth_callback"
CLIENT = ("client-id", "client-secret")
ENVIRONMENT = {
    "GOOGLE_CLOUD_PROJECT": "demo",
    "TASKS_LOCATION": "europe-west6",
    "TASKS_SERVICE_ACCOUNT": "tasks@demo.iam.gserviceaccount.com",
    "PUBLIC_BASE_URL": BASE,
}
KEYSET = new_keyset()


@dataclass(frozen=True)
class TaskRun:
    """One delivery of a task, and its outcome."""

    task: Task
    outcome: str


class Machinery:
    """Everything that runs; ``drain`` delivers pushes and tasks until nothing is left to do."""

    def __init__(
        self,
        *,
        start: datetime = START,
        documents: Documents | None = None,
        tuning: Tuning | None = None,
        google: GoogleSettings | None = None,
        microsoft: MicrosoftSettings | None = None,
        faults: Faults | None = None,
        wrap: Callable[[Ports], Ports] = lambda ports: ports,
    ) -> None:
        self.clock = WorldClock(start)
        self.log = LogLines()
        self.config = Config(ENVIRONMENT)
        self.google = GoogleSimulator(
            now=self.clock.now, settings=google or GoogleSettings(), send_push=self._receive
        )
        self.google.admin.add_client(CLIENT[0], secret=CLIENT[1], redirect_uris=[REDIRECT])
        self.microsoft = MicrosoftSimulator(
            now=self.clock.now, settings=microsoft or MicrosoftSettings(), send_push=self._receive_microsoft
        )
        self.microsoft.admin.add_client(CLIENT[0], secret=CLIENT[1], redirect_uris=[REDIRECT])
        self.engine = Engine(
            self._dispatch,
            clock=self.clock,
            queues={name: QueueSettings() for name in self._queue_names()},
            faults=faults,
        )
        self.documents = documents or MemoryDocuments()
        self.stores = stores(self.documents)
        self.postbox = Mailbox()
        self.targets = WebhookTargets()
        self.done: list[TaskRun] = []
        self.errors: list[BaseException] = []
        self.ports = wrap(self._ports(tuning or Tuning()))
        self.push_ports = PushPorts(
            clock=self.ports.clock, keys=self.ports.keys, queue=self.ports.queue, log=self.ports.log
        )
        self.tenant = "t1"

    def _queue_names(self) -> list[str]:
        tasks = self.config.tasks
        parent = f"projects/{tasks.project}/locations/{tasks.location}/queues"
        return [f"{parent}/{name}" for name in tasks.queues.values()]

    def _ports(self, tuning: Tuning) -> Ports:
        return Ports(
            clock=self.clock,
            keys=HmacKeys([b"s" * 32], channel=[b"c" * 32], event=[b"e" * 32]),
            vault=TinkVault(KEYSET),
            providers=ProviderRegistry(
                {ProviderKind.GOOGLE: self._google, ProviderKind.MICROSOFT: self._microsoft}
            ),
            catalogue=self.stores.catalogue,
            slot_snapshots=self.stores.slot_snapshots,
            connections=self.stores.connections,
            sync_states=self.stores.sync_states,
            bookings=self.stores.bookings,
            ledger=self.stores.ledger,
            invitations=self.stores.invitations,
            notifications=self.stores.notifications,
            mailer=MimeMailer(lambda: self.postbox, sender=SENDER),
            webhooks=self.stores.webhooks,
            outbound=self.targets,
            support=self.stores.support,
            ics_feeds=self.stores.ics_feeds,
            archive=self.stores.archive,
            issuers=self.stores.issuers,
            token_verifier=installation_verifier(tuple, now=self.clock.now, foreign=self.targets),
            lists=self.stores.lists,
            queue=EngineQueue(self.engine, self.config),
            log=self.log,
            tuning=replace(
                tuning,
                webhook_google=f"{BASE}/webhook_google",
                webhook_graph=f"{BASE}/webhook_graph",
                oauth_redirect=REDIRECT,
                manage_url="https://shop.example/booking",
                invite_url="https://shop.example/invitation",
                console_url="https://console.example",
                feed_url=f"{BASE}/feeds",
            ),
        )

    def _google(self) -> Provider:
        client = GoogleClient(
            endpoint="http://google.test/calendar/v3/",
            http_factory=lambda timeout: WsgiHttp(self.google, timeout),
        )
        registration = GoogleRegistration(
            client_id=CLIENT[0],
            client_secret=CLIENT[1],
            auth_uri="http://google.test/o/oauth2/v2/auth",
            token_uri="http://google.test/token",
            revoke_uri="http://google.test/revoke",
        )
        authorizer = GoogleAuthorizer(registration, session=wsgi_session(self.google))
        return Provider(calendar=GoogleCalendar(client), authorizer=authorizer)

    def _microsoft(self) -> Provider:
        client = GraphClient(session_factory=lambda: wsgi_session(self.microsoft))
        registration = MicrosoftRegistration(client_id=CLIENT[0], client_secret=CLIENT[1])
        authorizer = MicrosoftAuthorizer(registration, session=wsgi_session(self.microsoft))
        return Provider(calendar=MicrosoftCalendar(client), authorizer=authorizer)

    # -- what runs ------------------------------------------------------------------------------

    def _receive(self, address: str, headers: Mapping[str, str]) -> int:
        """Deliver a push message of Google to the webhook."""
        assert address == f"{BASE}/webhook_google"
        receive = importlib.import_module("functions.webhook_google.main").receive
        try:
            receive(self.push_ports, headers)
        except SyncError:
            return 503
        except Exception as error:  # noqa: BLE001 - what the door of the function does
            self.errors.append(error)
            return 500
        return 204

    def _receive_microsoft(self, address: str, _: dict[str, str], body: bytes) -> PushReply:
        """Deliver a notification or an address validation of Microsoft to the webhook."""
        assert address.partition("?")[0] == f"{BASE}/webhook_graph"
        door = importlib.import_module("functions.webhook_graph.main")
        proof = parse_qs(urlsplit(address).query).get("validationToken")
        try:
            if proof:
                return PushReply(200, door.challenge(proof[0]), "text/plain; charset=utf-8")
            door.receive(self.push_ports, body)
        except InvalidRequest:
            return PushReply(400)
        except SyncError:
            return PushReply(503)
        except Exception as error:  # noqa: BLE001 - what the door of the function does
            self.errors.append(error)
            return PushReply(500)
        return PushReply(202)

    def _dispatch(self, request: HttpRequest) -> int:
        """Call a private function as Cloud Tasks does; any error but a refusal is a crash of the instance."""
        work = Work(request.url.removeprefix(f"{BASE}/"))
        body = json.loads(request.body)
        task = Task(
            work=work,
            lane=Lane(body["lane"]),
            payload=body["payload"],
            name=request.headers["X-CloudTasks-TaskName"],
            attempt=body["attempt"],
            letter=body.get("letter"),
        )
        deliveries = int(request.headers["X-CloudTasks-TaskRetryCount"])
        try:
            reply = run_task(
                self.ports, task, deliveries=deliveries, flow=lambda payload: self.run(work, payload)
            )
        except Exception as error:  # noqa: BLE001 - what the door of the function does
            self.errors.append(error)
            self.done.append(TaskRun(task, type(error).__name__))
            return 500
        self.done.append(TaskRun(task, reply.body["outcome"]))
        return 200

    def run(self, work: Work, payload: Payload) -> object:
        """Run a private function's flow for a payload."""
        flows = importlib.import_module(f"functions.{work.value}.main").FLOWS
        return run_flow(self.ports, flows, payload)

    def drain(self, *, within: timedelta = timedelta(minutes=2), most: int = 20_000) -> int:
        """Deliver pushes and run tasks until none is due ``within`` that time; returns how many tasks ran."""
        count = 0
        while True:
            delivered = len(self.google.push.deliver()) + len(self.microsoft.push.deliver())
            worked = self.engine.drain(within=within, most=most)
            count += worked
            if not delivered and not worked:
                return count

    def advance(self, **length: float) -> None:
        """Move the clock on; whatever falls due meanwhile is run."""
        moment = self.clock.now() + timedelta(**length)
        self.engine.run_until(moment)
        self.drain()

    def maintain(self) -> None:
        """Run the maintenance function as Cloud Scheduler does."""
        self.run(Work.MAINTENANCE, {"job": "sweep"})
