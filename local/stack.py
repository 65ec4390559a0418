"""Runs all of Slotbridge on this machine: functions, queue, store, issuer, scheduler, simulated providers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TextIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from common import wiring
from common.config import Config
from common.machine import JsonLog
from local.cloud_tasks.clock import SystemClock
from local.cloud_tasks.dispatchers import HttpDispatcher
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.faults import ScriptedFaults
from local.cloud_tasks.server import TasksServer, queues_from
from local.environment import (
    CLIENT_ID,
    CLIENT_SECRET,
    LOCATION,
    MICROSOFT_CLIENT_ID,
    PROJECT,
    Addresses,
    queues,
    settings,
)
from local.external_queue import QueuedScheduler, make_queues
from local.firestore_emulator import Emulator, EmulatorError, start
from local.firestore_jar import NotPossible, download_jar, find
from local.firestore_memory.documents import MemoryDocuments
from local.google import GoogleServer, GoogleSimulator
from local.google import Settings as GoogleSettings
from local.issuer import Issuer
from local.microsoft import MicrosoftServer, MicrosoftSimulator
from local.microsoft import Settings as MicrosoftSettings
from local.mount import function_names, mount_functions
from local.scheduler import Scheduler, jobs
from local.server import serve
from local.staff_tokens import TokenEndpoint

_WORKERS = 16


@dataclass(frozen=True, slots=True)
class Options:
    """How to start the stack; ``port`` 0 takes free ports, any other number is the first of seven.

    With ``mail`` a local mail server accepts all mails, unless the environment names a sender.
    """

    port: int = 0
    simulate: bool = True
    mail: bool = False
    log: TextIO | None = None
    extra: Mapping[str, str] | None = None
    say: Callable[[str], None] = print

    def nth(self, number: int) -> int:
        """The port of the n-th part of the stack."""
        return self.port + number if self.port else 0


class Stack:
    """The whole stack, running inside its ``with`` block; to be started from the main thread."""

    addresses: Addresses
    installation: wiring.Installation

    def __init__(self, options: Options | None = None) -> None:
        """Start nothing yet."""
        self.options = options or Options()
        self.issuer = Issuer()
        self.functions = function_names()
        self._parts = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            self._start(parts)
            self._parts = parts.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    def _start(self, parts: ExitStack) -> None:
        options = self.options
        firestore = _firestore(parts, options.say)
        front = _DeferredApp()
        functions = parts.enter_context(serve(front, port=options.nth(0), requests=64)).base_url
        self.issuer.url = parts.enter_context(serve(TokenEndpoint(self.issuer), port=options.nth(1))).base_url
        google = self._google(parts, functions) if options.simulate else ""
        microsoft = self._microsoft(parts, functions) if options.simulate else ""
        tasks = None if self._external_queue else self._tasks(parts)
        self.addresses = Addresses(
            functions=functions,
            issuer=self.issuer.url,
            tasks_grpc=tasks.grpc_target if tasks else "",
            tasks_rest=tasks.base_url if tasks else "",
            google=google,
            microsoft=microsoft,
            firestore=firestore,
            mail=self._mail(parts),
        )
        self._install(parts)
        front.open(mount_functions(self.installation))
        url = self.installation.config.function_url("maintenance")
        if tasks:
            scheduler = Scheduler(url, self.issuer, jobs())
        else:
            make_queues(self.installation.config, queues())
            scheduler = QueuedScheduler(url, self.issuer, jobs(), queue=self.installation.queue)
        parts.callback(scheduler.close)
        scheduler.start()

    @property
    def _external_queue(self) -> bool:
        return bool(not self.options.simulate and os.environ.get("CLOUD_TASKS_EMULATOR_HOST"))

    def _install(self, parts: ExitStack) -> None:
        environment = settings(self.addresses, {**os.environ, **(self.options.extra or {})})
        documents = None if self.addresses.firestore else MemoryDocuments()
        self.installation = wiring.Installation(Config(environment), documents=documents)
        self.installation.log = JsonLog(self.options.log)
        wiring.use(self.installation)
        parts.callback(wiring.use, None)
        _export_emulator_host(parts, self.addresses.firestore)

    def _tasks(self, parts: ExitStack) -> TasksServer:
        sender = HttpDispatcher(connections=_WORKERS)
        parts.callback(sender.close)
        engine = Engine(
            sender,
            clock=SystemClock(),
            queues=queues_from(queues(), project=PROJECT, location=LOCATION),
            tokens=self.issuer.service_token,
            faults=ScriptedFaults(),
        )
        return parts.enter_context(
            TasksServer(
                engine,
                http_port=self.options.nth(3),
                grpc_port=self.options.nth(4),
                workers=_WORKERS,
            )
        )

    def _mail(self, parts: ExitStack) -> str:
        if not self.options.mail or os.environ.get("MAIL_SENDER"):
            return ""
        # Loads slowly, and the demo does without it.
        from local.mail import CREDENTIALS, MailServer  # noqa: PLC0415

        for name, value in CREDENTIALS.items():
            if name not in os.environ:
                os.environ[name] = value
                parts.callback(os.environ.pop, name, None)
        return parts.enter_context(MailServer(port=self.options.nth(6))).url

    def _google(self, parts: ExitStack, functions: str) -> str:
        simulator = GoogleSimulator(settings=GoogleSettings(allow_http_push=True))
        simulator.admin.add_client(
            CLIENT_ID, secret=CLIENT_SECRET, redirect_uris=[f"{functions}/oauth_callback"]
        )
        server = GoogleServer(simulator, port=self.options.nth(2), auto_push=True)
        return parts.enter_context(server).url

    def _microsoft(self, parts: ExitStack, functions: str) -> str:
        simulator = MicrosoftSimulator(settings=MicrosoftSettings(allow_http_push=True))
        simulator.admin.add_client(
            MICROSOFT_CLIENT_ID, secret=CLIENT_SECRET, redirect_uris=[f"{functions}/oauth_callback"]
        )
        server = MicrosoftServer(simulator, port=self.options.nth(5), auto_push=True)
        return parts.enter_context(server).url


def _firestore(parts: ExitStack, say: Callable[[str], None]) -> str:
    """Start the emulator and return its address; without one, say why and return an empty string."""
    if os.environ.get("STORE") == "memory":
        return ""
    found = find(download=download_jar)
    try:
        if isinstance(found, NotPossible):
            raise EmulatorError(found.reason)  # noqa: TRY301 - both end in the same line
        emulator: Emulator = parts.enter_context(start(found))
    except EmulatorError as error:
        if isinstance(found, NotPossible) or not found.host:
            say(f"no Firestore emulator here, so documents are kept in memory: {error}")
            return ""
        raise
    return emulator.host


def _export_emulator_host(parts: ExitStack, firestore: str) -> None:
    """Google's own library reads the emulator's address from the process's environment."""
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if firestore and before is None:
        os.environ["FIRESTORE_EMULATOR_HOST"] = firestore
        parts.callback(os.environ.pop, "FIRESTORE_EMULATOR_HOST", None)


class _DeferredApp:
    """Lets requests wait until the functions are mounted, which needs the server's address first."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._app: WSGIApplication | None = None

    def open(self, app: WSGIApplication) -> None:
        """Set the app; waiting requests continue."""
        self._app = app
        self._ready.set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._ready.wait()
        if self._app is None:
            raise LookupError("no functions are mounted")
        return self._app(environ, start_response)
