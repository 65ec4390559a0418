"""The back door of the machinery: tenants, accounts, apps, calendars, grants, limits and settings."""

from dataclasses import replace

from local.microsoft import ids
from local.microsoft.api.limits import Limits, Throttle
from local.microsoft.calendars import calendar_methods
from local.microsoft.errors import Json
from local.microsoft.events import validation
from local.microsoft.events.delta import DeltaRounds
from local.microsoft.model import PERSONAL_TENANT, Account, App, Item, Share
from local.microsoft.oauth.grants import Grants, ScriptedRefusal, sign_in_error
from local.microsoft.oauth.scopes import parse_scopes
from local.microsoft.push.notifications import Notifications
from local.microsoft.state import State
from local.microsoft.times import zone
from local.simulation.admin import SimulatorAdmin


class Admin(SimulatorAdmin):
    """What happens to accounts, apps and calendars; every method takes the lock."""

    def __init__(
        self,
        state: State,
        *,
        grants: Grants,
        throttle: Throttle,
        rounds: DeltaRounds,
        notifications: Notifications,
    ) -> None:
        super().__init__(state)
        self._state = state
        self._grants = grants
        self._throttle = throttle
        self._rounds = rounds
        self._notifications = notifications

    def add_client(
        self,
        client_id: str,
        *,
        secret: str,
        redirect_uris: list[str],
        audience: str = "AzureADandPersonalMicrosoftAccount",
        tenant: str = "",
    ) -> None:
        """Register an app; `tenant` (a domain) is the one a single-tenant app belongs to."""
        with self._state.lock:
            home = self._state.tenant_of_domain(tenant).id if tenant else ""
            self._state.apps[client_id] = App(client_id, secret, tuple(redirect_uris), audience, home)

    def add_tenant(self, domain: str, *, admin_consent_required: bool = False, refusal: int = 90094) -> str:
        """Create an organization, or change whether its users need an administrator; returns its id.

        ``refusal`` is the number that its users come back with: 90094, or 90008, 90095 or 65001.
        """
        with self._state.lock:
            found = self._state.tenant_of_domain(domain)
            found.admin_consent_required, found.refusal = admin_consent_required, refusal
            return found.id

    def add_account(
        self,
        email: str,
        *,
        name: str = "",
        time_zone: str = "W. Europe Standard Time",
        personal: bool = False,
        admin: bool = False,
        mailbox_error: str = "",
    ) -> str:
        """Create an account (its organization is its mail domain) with its calendar; returns the oid."""
        with self._state.lock:
            email = email.lower()
            zone(time_zone)
            tenant = PERSONAL_TENANT if personal else self._state.tenant_of_domain(email.partition("@")[2]).id
            oid = ids.guid("oid", email)
            oid = f"00000000-0000-0000-{oid[19:]}" if personal else oid
            made = Account(email, oid, tenant, name or email, time_zone, personal, admin, mailbox_error)
            self._state.accounts[email] = made
            calendar_methods.make(self._state, email, "Calendar", default=True)
            return oid

    def rename_account(self, email: str, address: str) -> None:
        """Let a person sign in with another address; tenant, object and mailbox stay what they are."""
        with self._state.lock:
            self._state.account(email).renamed = address.lower()

    def add_calendar(
        self, owner: str, name: str, *, can_edit: bool = True, color: str = "auto", hex_color: str = ""
    ) -> str:
        """Create another calendar in a mailbox (such as holidays, which cannot be edited); returns its id."""
        with self._state.lock:
            made = calendar_methods.make(self._state, self._state.account(owner).email, name, color=color)
            made.can_edit, made.hex_color = can_edit, hex_color
            return made.id

    def default_calendar(self, account: str) -> str:
        """The id of a mailbox's default calendar."""
        with self._state.lock:
            return self._state.default_calendar(self._state.account(account).email).id

    def share(self, calendar: str, account: str, *, can_edit: bool = False) -> str:
        """Put a calendar into somebody else's mailbox; returns its id there."""
        with self._state.lock:
            found, held = self._state.named_calendar(calendar), self._state.account(account)
            link = ids.calendar_id(held.email, self._state.serial())
            held.shared[link] = Share(found.id, can_edit)
            return link

    def unshare(self, calendar: str, account: str) -> None:
        """Take a shared calendar out of somebody else's mailbox."""
        with self._state.lock:
            held, wanted = self._state.account(account), self._state.named_calendar(calendar).id
            held.shared = {link: share for link, share in held.shared.items() if share.calendar != wanted}

    def remove_calendar(self, calendar: str) -> None:
        """Delete a calendar as its owner would."""
        with self._state.lock:
            calendar_methods.drop_calendar(self._state, self._state.named_calendar(calendar))

    def bulk_load(self, calendar: str, events: list[Json], *, notify: bool = False) -> int:
        """Store many events at once, silently unless told otherwise."""
        with self._state.lock:
            found = self._state.named_calendar(calendar)
            muted, self._state.muted = self._state.muted, not notify
            try:
                for body in events:
                    key = f"event{self._state.serial()}"
                    item = Item(key, found.id, validation.new_event_body(body), found.owner)
                    self._state.store(item, kind="created")
            finally:
                self._state.muted = muted
            return len(events)

    def grant(self, account: str, client_id: str, scopes: list[str]) -> Json:
        """Connect an account without the pages; returns the token answer."""
        with self._state.lock:
            app = self._state.apps[client_id]
            wanted = parse_scopes(" ".join([*scopes, "openid", "profile", "offline_access"]))
            parameters: Json = {"redirect_uri": app.redirect_uris[0]}
            code = self._grants.authorize(parameters, app, self._state.account(account).email, wanted)
            form = {"grant_type": "authorization_code", "code": code, "client_id": app.id}
            return self._grants.token(
                form | {"redirect_uri": app.redirect_uris[0], "client_secret": app.secret}
            )

    def set_limits(
        self,
        *,
        per_mailbox: int | None = None,
        concurrent: int | None = None,
        subscription_writes: int | None = None,
        subscription_lists: int | None = None,
    ) -> None:
        """Set the limits; what is not given is without limit."""
        with self._state.lock:
            self._throttle.limits = Limits(per_mailbox, concurrent, subscription_writes, subscription_lists)

    def revoke_grant(self, account: str, *, code: int = 50173) -> None:
        """Let the refresh tokens of an account be refused with a number; access tokens live on."""
        with self._state.lock:
            self._grants.revoke(account.lower(), code=code)

    def revoke_consent(self, account: str, client_id: str) -> None:
        """The user removes the app: refreshes answer 65001, and its subscriptions are removed."""
        with self._state.lock:
            self._grants.consents.pop((account.lower(), client_id), None)
            for each in self._notifications.live_subscriptions():
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
        with self._state.lock:
            made = sign_in_error(code, error=error, suberror=suberror, claims=claims)
            self._grants.refused[account.lower()] = ScriptedRefusal(made, times)

    def allow_refresh(self, account: str) -> None:
        """End what `refuse_refresh` and `conditional_access` began."""
        with self._state.lock:
            self._grants.refused.pop(account.lower(), None)
            self._grants.conditional.pop(account.lower(), None)

    def conditional_access(self, account: str, *, code: int = 50076) -> None:
        """A policy demands a new sign-in (50076, 50079), or blocks the account altogether (53003)."""
        with self._state.lock:
            self._grants.conditional[account.lower()] = code

    def expire_access_tokens(self, account: str = "") -> None:
        """Let access tokens (of one account or all) be too old."""
        with self._state.lock:
            for text, held in self._grants.access_tokens.items():
                if account.lower() in {"", held.account}:
                    self._grants.access_tokens[text] = replace(held, expires=self._state.now())

    def expire_secret(self, client_id: str, *, expired: bool = True) -> None:
        """Let the secret of an app be expired: the operator's fault, not the users'."""
        with self._state.lock:
            self._state.apps[client_id].secret_expired = expired

    def set_mailbox_error(self, account: str, code: str = "MailboxNotEnabledForRESTAPI") -> None:
        """Let a mailbox be one that Graph does not serve; an empty code ends it."""
        with self._state.lock:
            self._state.account(account).mailbox_error = code

    def expire_sync_tokens(self, calendar: str = "") -> None:
        """Let the delta links of a calendar (or of all) be forgotten."""
        with self._state.lock:
            wanted = self._state.named_calendar(calendar).id if calendar else ""
            for found in self._state.calendars.values():
                found.epoch += wanted in {"", found.id}

    def forget_page_tokens(self) -> None:
        """Let every nextLink of a delta round be forgotten."""
        with self._state.lock:
            self._rounds.forget()

    def replay_delta(self, calendar: str) -> None:
        """Let the next round tell again what the last one told."""
        with self._state.lock:
            self._state.named_calendar(calendar).replay = True

    def bump(self, calendar: str, event_id: str) -> None:
        """Exchange touches an event by itself: another change key, nothing else."""
        with self._state.lock:
            key, _ = self._state.event_ids[event_id]
            self._state.store(self._state.named_calendar(calendar).items[key])

    def lifecycle(self, event: str, *, subscription: str = "") -> int:
        """Send a lifecycle event to one subscription or all; returns to how many."""
        with self._state.lock:
            chosen = [
                each for each in self._notifications.live_subscriptions() if subscription in {"", each.id}
            ]
            for each in chosen:
                self._notifications.lifecycle(each, event)
            return len(chosen)
