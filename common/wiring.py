"""Builds everything that a function works with from the settings: stores, providers, queue, mails, tokens."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from common.api.http import Access, Caller
from common.config import Config
from common.crypto.keys import HmacKeys
from common.machine import JsonLog, SystemClock
from common.push_ports import PushPorts

# What a function does not use it does not import: the webhooks start without Firestore and providers.
if TYPE_CHECKING:
    from common.api.authentication import StaffAuthenticator
    from common.api.rate_limiter import RateLimiter
    from common.crypto.token_verifier import JwtVerifier
    from common.ports import Ports
    from common.ports.machine import Keys, Mailer, OutboundHttp, TaskQueue, Tuning, Vault
    from common.store import Stores
    from common.store.firestore.documents import Documents


class _OpenedAtFirstUse:
    """Stands in for an adapter until its first use: a function needs no settings for what it never does."""

    def __init__(self, opened: Callable[[], object]) -> None:
        self._opened = opened

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened(), name)


class Installation:
    """One installation of Slotbridge, built piece by piece as it is asked for."""

    def __init__(self, config: Config, *, documents: Documents | None = None) -> None:
        """Take the settings; nothing is opened yet.

        Args:
            config: Every setting and secret.
            documents: The document database, where it is not to be Firestore (on one machine, in tests).
        """
        self.config = config
        self.log = JsonLog()
        self._documents = documents

    @cached_property
    def keys(self) -> Keys:
        """The signing keys; a function holds those alone that it signs or verifies with."""
        keys = self.config.keys
        return HmacKeys(
            keys("SIGNING_KEYS", ()), channel=keys("CHANNEL_KEYS", ()), event=keys("EVENT_ID_KEY", ())
        )

    @cached_property
    def stores(self) -> Stores:
        """The repositories, over Firestore or over the documents that were given."""
        from common.store import stores  # noqa: PLC0415

        if self._documents is not None:
            return stores(self._documents)
        from common.store.firestore.client import FirestoreDocuments, connect  # noqa: PLC0415

        text = self.config.text
        project, database = text("GOOGLE_CLOUD_PROJECT"), text("FIRESTORE_DATABASE", "(default)")
        return stores(FirestoreDocuments(connect(project=project, database=database)))

    @cached_property
    def queue(self) -> TaskQueue:
        """Cloud Tasks by Google's own client library."""
        from common.tasks.grpc import GrpcTaskQueue  # noqa: PLC0415

        return GrpcTaskQueue(self.config)

    @cached_property
    def lean_queue(self) -> TaskQueue:
        """Cloud Tasks by plain HTTP, which starts faster: for the receivers of pushes.

        A local server without TLS asks for no token.
        """
        if self.config.tasks.grpc_host and not self.config.text("CLOUD_TASKS_REST_ENDPOINT", ""):
            # A server that was named for the official client alone: Google's own must not be asked instead.
            return self.queue
        from common.tasks.rest import RestTaskQueue  # noqa: PLC0415

        local = self.config.tasks.rest_endpoint.startswith("http://")
        return RestTaskQueue(self.config, token=(lambda: "local") if local else None)

    @cached_property
    def tuning(self) -> Tuning:
        """The numbers that operators may change."""
        from common.ports.machine import Tuning  # noqa: PLC0415

        number, url, page = self.config.number, self.config.function_url, self.config.page
        defaults = Tuning()
        return Tuning(
            webhook_google=url("webhook_google"),
            webhook_graph=url("webhook_graph"),
            oauth_redirect=url("oauth_callback"),
            manage_url=page("MANAGE_URL"),
            invite_url=page("INVITE_URL"),
            console_url=page("CONSOLE_URL"),
            feed_url=url("feeds"),
            live_deadline=number("LIVE_DEADLINE_SECONDS", defaults.live_deadline),
            poll_minutes=int(number("POLL_MINUTES", defaults.poll_minutes)),
            backfill_chunk=int(number("BACKFILL_CHUNK", defaults.backfill_chunk)),
            user_per_minute=int(number("GOOGLE_USER_PER_MINUTE", defaults.user_per_minute)),
            project_per_minute=int(number("GOOGLE_PROJECT_PER_MINUTE", defaults.project_per_minute)),
            mailbox_per_minute=int(number("GRAPH_MAILBOX_PER_MINUTE", defaults.mailbox_per_minute)),
            backfill_share=number("BACKFILL_SHARE", defaults.backfill_share),
            max_attempts=int(number("MAX_ATTEMPTS", defaults.max_attempts)),
        )

    @cached_property
    def ports(self) -> Ports:
        """Everything outside, each opened when it is first used."""
        from common.ports import Ports  # noqa: PLC0415
        from common.providers.registry import provider_registry as offered  # noqa: PLC0415

        stores = self.stores
        return Ports(
            clock=SystemClock(),
            keys=self.keys,
            vault=cast("Vault", _OpenedAtFirstUse(lambda: self.vault)),
            providers=offered(self.config, live_timeout=self.tuning.live_deadline),
            catalogue=stores.catalogue,
            slot_snapshots=stores.slot_snapshots,
            connections=stores.connections,
            sync_states=stores.sync_states,
            bookings=stores.bookings,
            ledger=stores.ledger,
            invitations=stores.invitations,
            notifications=stores.notifications,
            mailer=cast("Mailer", _OpenedAtFirstUse(lambda: self.mailer)),
            webhooks=stores.webhooks,
            outbound=self.outbound,
            support=stores.support,
            ics_feeds=stores.ics_feeds,
            archive=stores.archive,
            issuers=stores.issuers,
            token_verifier=self.token_verifier,
            lists=stores.lists,
            queue=cast("TaskQueue", _OpenedAtFirstUse(lambda: self.queue)),
            log=self.log,
            tuning=self.tuning,
        )

    @cached_property
    def vault(self) -> Vault:
        """Encrypts grants and other secrets before they are stored."""
        from common.crypto.vault import TinkVault  # noqa: PLC0415

        return TinkVault(self.config.text("GRANT_KEYSET"))

    @cached_property
    def mailer(self) -> Mailer:
        """Sends mails by Amazon SES or a mail server; without a sender's address none are sent."""
        from common.mail.mailer import MimeMailer, transport  # noqa: PLC0415

        return MimeMailer(cache(lambda: transport(self.config)), sender=self.config.text("MAIL_SENDER", ""))

    @cached_property
    def outbound(self) -> OutboundHttp:
        """The HTTP client for addresses that tenants named: their webhooks, and their issuers."""
        from common.outbound import PublicHttp  # noqa: PLC0415

        return PublicHttp(loopback=self.config.text("HOOKS_TO_LOOPBACK", "") == "yes")

    @cached_property
    def push_ports(self) -> PushPorts:
        """The few ports that the receivers of providers' pushes need."""
        return PushPorts(clock=SystemClock(), keys=self.keys, queue=self.lean_queue, log=self.log)

    @cached_property
    def token_verifier(self) -> JwtVerifier:
        """Verifies tokens of the installation's issuers, and of those that tenants added."""
        from common.crypto.token_verifier import installation_verifier  # noqa: PLC0415

        return installation_verifier(lambda: self.config.staff, now=SystemClock().now, foreign=self.outbound)

    @cached_property
    def _staff_authenticator(self) -> StaffAuthenticator:
        from common.api.authentication import StaffAuthenticator as StaffGate  # noqa: PLC0415

        return StaffGate(self.token_verifier, self.stores.issuers, now=SystemClock().now)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """What refuses callers that come too often."""
        from common.api.rate_limiter import RateLimiter  # noqa: PLC0415

        limits, counters = self.config.limits, lambda: self.stores.rate_counts
        return RateLimiter(limits, counters, sign=self.keys.sign, now=SystemClock().now)

    def authenticate(self, access: Access, token: str, function: str) -> Caller:
        """The caller that a bearer token belongs to: staff, Cloud Tasks or Cloud Scheduler."""
        if access in {Access.STAFF, Access.CUSTOMER_OR_STAFF}:
            return self._staff_authenticator(token)
        from common.api.authentication import ServiceAuthenticator as ServiceGate  # noqa: PLC0415

        tasks = self.config.tasks
        # The scheduler's function also works off tasks; every other private function only tasks.
        accounts = {tasks.service_account} | (
            {tasks.scheduler_account} if access is Access.SCHEDULER else set()
        )
        return ServiceGate(
            self.token_verifier, tasks.vouching(self.config.function_url(function)), accounts=accounts
        )(token)

    def origin_allowed(self, origin: str, tenant: str | None) -> bool:
        """Whether web pages of this origin may call: the console's, or one that the tenant has listed."""
        if origin in self.config.console_origins:
            return True
        if not tenant:
            return False
        return origin in self.stores.catalogue.tenant(tenant).allowed_origins


_installed: list[Installation] = []
_here: ContextVar[Installation | None] = ContextVar("installation", default=None)


def installation() -> Installation:
    """The installation of this process, built from the environment at the first request."""
    here = _here.get()
    if here is not None:
        return here
    if not _installed:
        _installed.append(Installation(Config(os.environ)))
    return _installed[0]


def use(other: Installation | None) -> None:
    """Use another installation in this process (the local stack, the tests), or (None) the real one again."""
    _installed[:] = [other] if other else []


@contextmanager
def using(other: Installation) -> Iterator[None]:
    """Use another installation for one request (the local stack, where all functions share a process)."""
    before = _here.set(other)
    try:
        yield
    finally:
        _here.reset(before)


def ports() -> Ports:
    """The ports of this process."""
    return installation().ports


def push_ports() -> PushPorts:
    """The ports of the receivers of pushes, in this process."""
    return installation().push_ports
