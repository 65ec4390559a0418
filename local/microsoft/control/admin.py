"""Sets the simulator up and lets things go wrong: tenants, accounts, apps, calendars, grants and settings."""

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
    """Everything that a test or the demo prepares or lets happen; every method takes the state's lock."""

    def __init__(
        self, state: State, grants: Grants, throttle: Throttle, rounds: DeltaRounds, pushes: Notifications
    ) -> None:
        super().__init__(state)
        self._state = state
        self._grants = grants
        self._throttle = throttle
        self._rounds = rounds
        self._notifications = pushes

    def add_client(
        self,
        client_id: str,
        *,
        secret: str,
        redirect_uris: list[str],
        audience: str = "AzureADandPersonalMicrosoftAccount",
        tenant: str = "",
    ) -> None:
        """Register an app; `tenant` (a domain) is the organization that a single-tenant app belongs to."""
        with self._state.lock:
            home = self._state.tenant_of_domain(tenant).id if tenant else ""
            self._state.apps[client_id] = App(client_id, secret, tuple(redirect_uris), audience, home)

    def add_tenant(self, domain: str, *, admin_consent_required: bool = False, refusal: int = 90094) -> str:
        """Create or change an organization, whose users may be refused with an AADSTS number.

        Returns its id.
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
        """Create an account with its calendar; the mail domain is its organization. Returns its object id."""
        with self._state.lock:
            email = email.lower()
            zone(time_zone)
            tenant = PERSONAL_TENANT if personal else self._state.tenant_of_domain(email.partition("@")[2]).id
            oid = ids.guid("oid", email)
            oid = f"00000000-0000-0000-{oid[19:]}" if personal else oid
            made = Account(email, oid, tenant, name or email, time_zone, personal, admin, mailbox_error)
            self._state.accounts[email] = made
            calendar_methods.make_calendar(self._state, email, "Calendar", default=True)
            return oid

    def rename_account(self, email: str, address: str) -> None:
        """Change the address that a person signs in with; tenant, object id and mailbox stay the same."""
        with self._state.lock:
            self._state.account(email).renamed = address.lower()

    def add_calendar(
        self,
        owner: str,
        name: str,
        *,
        can_edit: bool = True,
        color: str = "auto",
        hex_color: str = "",
        family: bool = False,
    ) -> str:
        """Create another calendar in a mailbox, perhaps one that cannot be edited (holidays).

        The calendar of a personal account's `family` answers every write with 503 (fact M78).
        Returns its id.
        """
        with self._state.lock:
            made = calendar_methods.make_calendar(
                self._state, self._state.account(owner).email, name, color=color
            )
            made.can_edit, made.hex_color, made.family = can_edit, hex_color, family
            return made.id

    def change_calendar_id(self, calendar: str) -> str:
        """Give a calendar another id, as happened to default calendars and to new ones (fact M32).

        Returns it. The control API knows the former one too.
        """
        with self._state.lock:
            found = self._state.named_calendar(calendar)
            found.renamed_id = ids.calendar_id(found.owner, self._state.serial())
            return found.renamed_id

    def default_calendar(self, account: str) -> str:
        """Return the id of a mailbox's default calendar."""
        with self._state.lock:
            return self._state.default_calendar(self._state.account(account).email).shown_id

    def share(self, calendar: str, account: str, *, can_edit: bool = False) -> str:
        """Share a calendar with another mailbox; returns the id that it has there."""
        with self._state.lock:
            found, held = self._state.named_calendar(calendar), self._state.account(account)
            link = ids.calendar_id(held.email, self._state.serial())
            held.shared[link] = Share(found.id, can_edit)
            return link

    def unshare(self, calendar: str, account: str) -> None:
        """Take a shared calendar out of another mailbox."""
        with self._state.lock:
            held, wanted = self._state.account(account), self._state.named_calendar(calendar).id
            held.shared = {link: share for link, share in held.shared.items() if share.calendar != wanted}

    def remove_calendar(self, calendar: str) -> None:
        """Delete a calendar as its owner would."""
        with self._state.lock:
            calendar_methods.drop_calendar(self._state, self._state.named_calendar(calendar))

    def bulk_load(self, calendar: str, events: list[Json], *, notify: bool = False) -> int:
        """Store many events at once, without notifications unless `notify` is set; returns how many."""
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
        """Give an app access to an account as if the person had consented.

        Returns the token endpoint's answer.
        """
        with self._state.lock:
            app = self._state.apps[client_id]
            wanted = parse_scopes(" ".join([*scopes, "openid", "profile", "offline_access"]))
            parameters: Json = {"redirect_uri": app.redirect_uris[0]}
            code = self._grants.authorize(parameters, app, self._state.account(account).email, wanted)
            form = {"grant_type": "authorization_code", "code": code, "client_id": app.id}
            form |= {"redirect_uri": app.redirect_uris[0], "client_secret": app.secret}
            return self._grants.token(form)

    def set_limits(
        self,
        *,
        per_mailbox: int | None = None,
        concurrent: int | None = None,
        subscription_writes: int | None = None,
        subscription_lists: int | None = None,
    ) -> None:
        """Set the limits of throttling (None: no limit)."""
        with self._state.lock:
            self._throttle.limits = Limits(per_mailbox, concurrent, subscription_writes, subscription_lists)

    def revoke_grant(self, account: str, *, code: int = 50173) -> None:
        """Refuse an account's refresh tokens with an AADSTS number; access tokens stay valid.

        As after an administrator's reset or revocation (fact M141); subscriptions are not told (M136).
        """
        with self._state.lock:
            self._grants.revoke(account.lower(), code=code)

    def revoke_consent(self, account: str, client_id: str) -> None:
        """Remove the consent to an app: refreshes are refused with 65001, and its subscriptions end."""
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
        """Refuse an account's refreshes with an AADSTS number, `times` times (0: until `allow_refresh`)."""
        with self._state.lock:
            made = sign_in_error(code, error=error, suberror=suberror, claims=claims)
            self._grants.refused[account.lower()] = ScriptedRefusal(made, times)

    def refuse_tokens(self, account: str = "", *, refused: bool = True) -> None:
        """Let Graph answer 401 to the good tokens of one account, or of all (fact M147), or end that."""
        with self._state.lock:
            if refused:
                self._grants.outages.add(account.lower())
            else:
                self._grants.outages.discard(account.lower())

    def allow_refresh(self, account: str) -> None:
        """End what `refuse_refresh` and `conditional_access` began."""
        with self._state.lock:
            self._grants.refused.pop(account.lower(), None)
            self._grants.conditional.pop(account.lower(), None)

    def conditional_access(self, account: str, *, code: int = 50076) -> None:
        """Let a policy demand a new sign-in (50076, 50079), or block the account altogether (53003)."""
        with self._state.lock:
            self._grants.conditional[account.lower()] = code

    def expire_access_tokens(self, account: str = "") -> None:
        """Expire the access tokens of one account, or of all."""
        with self._state.lock:
            for text, held in self._grants.access_tokens.items():
                if account.lower() in {"", held.account}:
                    self._grants.access_tokens[text] = replace(held, expires=self._state.now())

    def expire_secret(self, client_id: str, *, expired: bool = True) -> None:
        """Expire an app's secret, which is the operator's fault and not the users'."""
        with self._state.lock:
            self._state.apps[client_id].secret_expired = expired

    def set_time_zone(self, account: str, time_zone: str) -> None:
        """Give a mailbox another zone, by its Windows or IANA name; no event changes by that."""
        with self._state.lock:
            zone(time_zone)
            self._state.accounts[account.lower()].time_zone = time_zone

    def set_mailbox_error(self, account: str, code: str = "MailboxNotEnabledForRESTAPI") -> None:
        """Let Graph refuse a mailbox with this error code; an empty code ends that."""
        with self._state.lock:
            self._state.account(account).mailbox_error = code

    def expire_sync_tokens(self, calendar: str = "") -> None:
        """Expire the delta links of one calendar, or of all."""
        with self._state.lock:
            wanted = self._state.named_calendar(calendar).id if calendar else ""
            for found in self._state.calendars.values():
                found.epoch += wanted in {"", found.id}

    def forget_page_tokens(self) -> None:
        """Expire every nextLink of a delta query (fact M15)."""
        with self._state.lock:
            self._rounds.forget()

    def forget_subscriptions(self) -> None:
        """Remove every subscription without a word (facts M136, M137)."""
        with self._state.lock:
            for subscription in self._state.subscriptions.values():
                subscription.removed = True

    def replay_delta(self, calendar: str) -> None:
        """Let the next delta round repeat what the last one reported."""
        with self._state.lock:
            self._state.named_calendar(calendar).replay = True

    def bump(self, calendar: str, event_id: str) -> None:
        """Give an event a new change key without any other change, as Exchange sometimes does by itself."""
        with self._state.lock:
            key, _ = self._state.event_ids[event_id]
            self._state.store(self._state.named_calendar(calendar).items[key])

    def lifecycle(self, event: str, *, subscription: str = "") -> int:
        """Send a lifecycle notification to one subscription, or to all; returns to how many."""
        with self._state.lock:
            chosen = [
                each for each in self._notifications.live_subscriptions() if subscription in {"", each.id}
            ]
            for each in chosen:
                self._notifications.lifecycle(each, event)
            return len(chosen)
