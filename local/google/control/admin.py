"""Sets the simulator up: accounts, sharing, clients, grants, expiry of tokens, quotas and settings."""

import hashlib
from dataclasses import replace
from typing import Any

from local.google.api.limits import Limits, Quota
from local.google.api.paging import OpenListings
from local.google.api.schema import SCOPE_PREFIX
from local.google.calendars.calendar_methods import add_to_list, drop_calendar, make_calendar
from local.google.errors import Json
from local.google.events import edits
from local.google.model import Account, Calendar, Client
from local.google.oauth.grants import Grants
from local.google.state import State
from local.google.times import checked_zone
from local.simulation.admin import SimulatorAdmin


class Admin(SimulatorAdmin):
    """Everything that a test or the demo prepares or lets happen; every method takes the state's lock."""

    def __init__(self, state: State, grants: Grants, quota: Quota, open_listings: OpenListings) -> None:
        super().__init__(state)
        self._state = state
        self._grants = grants
        self._quota = quota
        self._open_listings = open_listings

    def add_client(
        self, client_id: str, *, secret: str, redirect_uris: list[str], project: str = "project"
    ) -> None:
        """Register an OAuth client in a Google project."""
        with self._state.lock:
            self._state.clients[client_id] = Client(client_id, secret, tuple(redirect_uris), project)

    def add_account(
        self, email: str, *, name: str = "", time_zone: str = "Europe/Zurich", workspace: bool = False
    ) -> str:
        """Create an account with its primary calendar; returns its subject (the `sub` of ID tokens)."""
        with self._state.lock:
            email = email.lower()
            digest = hashlib.sha256(email.encode()).hexdigest()
            account = Account(
                email, str(int(digest[:17], 16))[:21], name or email, checked_zone(time_zone), workspace
            )
            self._state.accounts[email] = account
            calendar = Calendar(email, email, time_zone, email, primary=True, updated=self._state.tick())
            self._state.calendars[email] = calendar
            add_to_list(self._state, account, calendar)
            account.entries[email].default_reminders = [{"method": "popup", "minutes": 30}]
            return account.subject

    def rename_account(self, email: str, address: str) -> None:
        """Change the address that a person signs in with; the subject stays the same."""
        with self._state.lock:
            self._state.account(email).renamed = address.lower()

    def add_calendar(
        self,
        owner: str,
        summary: str,
        *,
        time_zone: str = "",
        calendar_id: str = "",
        can_be_watched: bool = True,
    ) -> str:
        """Create a secondary calendar; returns its id."""
        with self._state.lock:
            self._state.begin_operation()
            account = self._state.account(owner)
            where = checked_zone(time_zone or account.time_zone)
            calendar = make_calendar(
                self._state, account, summary=summary, time_zone=where, calendar_id=calendar_id
            )
            calendar.can_be_watched = can_be_watched
            return calendar.id

    def share(self, calendar: str, account: str, role: str, *, listed: bool = True) -> None:
        """Give an account a role on a calendar; this expires the calendar's sync tokens (G135)."""
        with self._state.lock:
            self._state.begin_operation()
            found = self._state.calendars[calendar]
            found.roles[account.lower()] = role
            found.epoch += 1
            if listed and found.id not in self._state.account(account).entries:
                add_to_list(self._state, self._state.account(account), found)

    def publish(self, calendar: str, role: str = "reader") -> None:
        """Give everybody a role on a calendar."""
        with self._state.lock:
            self._state.calendars[calendar].public_role = role
            self._state.calendars[calendar].epoch += 1

    def unshare(self, calendar: str, account: str) -> None:
        """Take an account's access to a calendar away.

        The account's list then reports the calendar as deleted.
        """
        with self._state.lock:
            self._state.begin_operation()
            found, held = self._state.calendars[calendar], self._state.account(account)
            found.roles.pop(held.email, None)
            found.epoch += 1
            if calendar in held.entries:
                held.entries[calendar].deleted = True
                self._state.record_list_change(held, held.entries[calendar])

    def remove_calendar(self, calendar: str) -> None:
        """Delete a calendar as its owner would."""
        with self._state.lock:
            self._state.begin_operation()
            drop_calendar(self._state, self._state.calendars[calendar])

    def set_time_zone(self, calendar: str, time_zone: str) -> None:
        """Give a calendar another zone, as its owner does in its settings; no event changes by that."""
        with self._state.lock:
            found = self._state.calendars[calendar]
            found.time_zone = checked_zone(time_zone)

    def bulk_load(self, calendar: str, events: list[Json], *, notify: bool = False) -> int:
        """Store many events at once, without push notifications unless `notify` is set; returns how many."""
        with self._state.lock:
            self._state.begin_operation()
            found = self._state.calendar(calendar)
            muted, self._state.muted = self._state.muted, not notify
            try:
                for body in events:
                    edits.create_event(self._state, found, body, by=found.owner)
            finally:
                self._state.muted = muted
            return len(events)

    def grant(self, account: str, client_id: str, scopes: list[str]) -> Json:
        """Give a client access to an account as if the person had consented.

        Returns the token endpoint's answer.
        """
        with self._state.lock:
            client = self._state.clients[client_id]
            full = [scope if scope == "openid" or "/" in scope else SCOPE_PREFIX + scope for scope in scopes]
            uri = client.redirect_uris[0]
            parameters: Json = {"redirect_uri": uri, "access_type": "offline", "prompt": "consent"}
            code = self._grants.authorize(parameters, client, self._state.account(account).email, full)
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": uri}
            return self._grants.token(form | {"client_id": client.id, "client_secret": client.secret})

    def revoke_grant(self, account: str, *, project: str = "project") -> None:
        """Take the consent back, as a person does on Google's account page."""
        with self._state.lock:
            self._grants.revoke(account.lower(), project)

    def expire_access_tokens(self, account: str = "") -> None:
        """Expire the access tokens of one account, or of all."""
        with self._state.lock:
            for token, held in self._grants.access_tokens.items():
                if account in {"", held.account}:
                    self._grants.access_tokens[token] = replace(held, expires=self._state.now())

    def block_by_policy(self, account: str, *, blocked: bool = True) -> None:
        """Let an administrator's policy block the app for an account, or allow it again."""
        with self._state.lock:
            (self._grants.policy_blocked.add if blocked else self._grants.policy_blocked.discard)(
                account.lower()
            )

    def require_new_sign_in(self, account: str) -> None:
        """Let a company's rule end an account's session: refreshes fail until a new consent (G127)."""
        with self._state.lock:
            self._grants.signed_out.add(account.lower())

    def expire_sync_tokens(self, calendar: str = "") -> None:
        """Expire the sync tokens of one calendar, or those of all calendars and calendar lists (410)."""
        with self._state.lock:
            for found in self._state.calendars.values():
                found.epoch += calendar in {"", found.id}
            if not calendar:
                for account in self._state.accounts.values():
                    account.list_epoch += 1

    def forget_page_tokens(self) -> None:
        """Make every page token invalid."""
        with self._state.lock:
            self._open_listings.forget()

    def forget_channels(self) -> None:
        """End every push channel without a word (a back door: Google promises no push message)."""
        with self._state.lock:
            for channel in self._state.channels.values():
                channel.stopped_at = channel.stopped_at or self._state.now()

    def set_limits(
        self,
        *,
        per_user: int | None = None,
        per_project: int | None = None,
        shape: str = "classic",
        status: int = 403,
    ) -> None:
        """Set the quotas per minute (None: no limit); `shape` is classic or front_end."""
        with self._state.lock:
            kind: Any = shape
            self._quota.limits = Limits(per_user, per_project, kind, status)
