"""Adapters that are opened at their first use: a function needs no settings for what it never does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from common.domain.account import Grant
from common.domain.mailing import Envelope
from common.domain.work import Task
from common.ports import Mailer, TaskQueue, Vault


class LateVault:
    """A vault that reads its keys when something is to be sealed or opened."""

    def __init__(self, opened: Callable[[], Vault]) -> None:
        """Open it by ``opened``."""
        self._opened = opened

    @cached_property
    def _vault(self) -> Vault:
        return self._opened()

    def seal(self, grant: Grant, *, tenant: str, connection: str) -> str:
        """The grant as ciphertext text."""
        return self._vault.seal(grant, tenant=tenant, connection=connection)

    def open(self, sealed: str, *, tenant: str, connection: str) -> Grant:
        """The grant behind a ciphertext."""
        return self._vault.open(sealed, tenant=tenant, connection=connection)

    def conceal(self, text: str, *, context: str) -> str:
        """A short secret as ciphertext."""
        return self._vault.conceal(text, context=context)

    def reveal(self, sealed: str, *, context: str) -> str:
        """The short secret again."""
        return self._vault.reveal(sealed, context=context)


class LateQueue:
    """A queue that is connected to at the first task."""

    def __init__(self, opened: Callable[[], TaskQueue]) -> None:
        """Connect by ``opened``."""
        self._opened = opened

    @cached_property
    def _queue(self) -> TaskQueue:
        return self._opened()

    def enqueue(self, task: Task) -> bool:
        """Queue a task; False when a task of this name is or was there already."""
        return self._queue.enqueue(task)


class LateMailer:
    """A mailer whose transport is set up at the first mail."""

    def __init__(self, opened: Callable[[], Mailer], *, on: bool) -> None:
        """Set it up by ``opened``; ``on`` says without it whether mails are sent at all."""
        self._opened = opened
        self._on = on

    @cached_property
    def _mailer(self) -> Mailer:
        return self._opened()

    @property
    def on(self) -> bool:
        """Whether this installation sends mails at all."""
        return self._on

    def send(self, envelope: Envelope) -> None:
        """Hand one mail over."""
        self._mailer.send(envelope)
