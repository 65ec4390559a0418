"""The back door of bad luck: revoked grants, policies, lost sync states, and what Exchange does by itself."""

from dataclasses import replace

from local.microsoft.delta import Rounds
from local.microsoft.grants import Grants, Refused, refusal
from local.microsoft.model import PERSONAL_TENANT, Calendar, Tenant
from local.microsoft.notifications import Notifications
from local.microsoft.throttle import Throttle
from local.microsoft.world import World
from local.simulation.journal import Journal


class Fates(Journal):
    """What happens to accounts, apps and calendars; every method takes the lock."""

    def __init__(
        self,
        world: World,
        *,
        grants: Grants,
        throttle: Throttle,
        rounds: Rounds,
        notifications: Notifications,
    ) -> None:
        super().__init__(world)
        self._world = world
        self._grants = grants
        self._throttle = throttle
        self._rounds = rounds
        self._notifications = notifications
        world.tenants[PERSONAL_TENANT] = Tenant(PERSONAL_TENANT, "live.com")

    def revoke_grant(self, account: str, *, code: int = 50173) -> None:
        """Let the refresh tokens of an account be refused with a number; access tokens live on."""
        with self._world.lock:
            self._grants.revoke(account.lower(), code=code)

    def revoke_consent(self, account: str, client_id: str) -> None:
        """The user removes the app: refreshes answer 65001, and its subscriptions are removed."""
        with self._world.lock:
            self._grants.consents.pop((account.lower(), client_id), None)
            for each in self._notifications.live():
                if (each.account, each.app) == (account.lower(), client_id):
                    self._notifications.lifecycle(each, "subscriptionRemoved")

    def refuse_refresh(
        self,
        account: str,
        *,
        code: int,
        error: str = "",
        suberror: str = "",
        claims: str = "",
        times: int = 0,
    ) -> None:
        """Let an account's refreshes be refused with a number, `times` times (0: until `allow_refresh`)."""
        with self._world.lock:
            made = refusal(code, error=error, suberror=suberror, claims=claims)
            self._grants.refused[account.lower()] = Refused(made, times)

    def allow_refresh(self, account: str) -> None:
        """End what `refuse_refresh` and `conditional_access` began."""
        with self._world.lock:
            self._grants.refused.pop(account.lower(), None)
            self._grants.conditional.pop(account.lower(), None)

    def conditional_access(self, account: str, *, code: int = 50076) -> None:
        """A policy demands a new sign-in (50076, 50079), or blocks the account altogether (53003)."""
        with self._world.lock:
            self._grants.conditional[account.lower()] = code

    def expire_access_tokens(self, account: str = "") -> None:
        """Let access tokens (of one account or all) be too old."""
        with self._world.lock:
            for text, held in self._grants.access_tokens.items():
                if account.lower() in {"", held.account}:
                    self._grants.access_tokens[text] = replace(held, expires=self._world.now())

    def expire_secret(self, client_id: str, *, expired: bool = True) -> None:
        """Let the secret of an app be expired: the operator's fault, not the users'."""
        with self._world.lock:
            self._world.apps[client_id].secret_expired = expired

    def set_mailbox_error(self, account: str, code: str = "MailboxNotEnabledForRESTAPI") -> None:
        """Let a mailbox be one that Graph does not serve; an empty code ends it."""
        with self._world.lock:
            self._world.account(account).mailbox_error = code

    def expire_sync_tokens(self, calendar: str = "") -> None:
        """Let the delta links of a calendar (or of all) be forgotten."""
        with self._world.lock:
            wanted = self._calendar(calendar).id if calendar else ""
            for found in self._world.calendars.values():
                found.epoch += wanted in {"", found.id}

    def forget_page_tokens(self) -> None:
        """Let every nextLink of a delta round be forgotten."""
        with self._world.lock:
            self._rounds.forget()

    def replay_delta(self, calendar: str) -> None:
        """Let the next round tell again what the last one told."""
        with self._world.lock:
            self._calendar(calendar).replay = True

    def bump(self, calendar: str, event_id: str) -> None:
        """Exchange touches an event by itself: another change key, nothing else."""
        with self._world.lock:
            key, _ = self._world.references[event_id]
            self._world.put(self._calendar(calendar).items[key])

    def lifecycle(self, event: str, *, subscription: str = "") -> int:
        """Send a lifecycle event to one subscription or all; returns to how many."""
        with self._world.lock:
            chosen = [each for each in self._notifications.live() if subscription in {"", each.id}]
            for each in chosen:
                self._notifications.lifecycle(each, event)
            return len(chosen)

    def _calendar(self, name: str) -> Calendar:
        if name.lower() in self._world.accounts:
            return self._world.default_calendar(name.lower())
        return self._world.calendars[name]
