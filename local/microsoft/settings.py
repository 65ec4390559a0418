"""Settings of the simulated Microsoft: how long things live, what is delayed, which oddities it shows.

The numbers (M1 and so on) are rows of docs/provider-facts.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(slots=True)
class Settings:
    """Settings that `admin.set_setting` changes while the simulator runs (durations in seconds)."""

    allow_http_push: bool = False
    login_origin: str = "https://login.microsoftonline.com"
    # https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow: about ten minutes
    code_life: timedelta = timedelta(minutes=10)
    # https://learn.microsoft.com/entra/identity-platform/access-tokens: 60 to 90 minutes
    access_token_life: timedelta = timedelta(seconds=3599)
    # M140
    refresh_token_life: timedelta = timedelta(days=90)
    # https://learn.microsoft.com/entra/identity-platform/scopes-oidc: a name, or an address
    full_scope_names: bool = False
    # M142: errors of the token endpoint have a text without their number.
    filtered_descriptions: bool = False
    default_page: int = 10

    # Listings and delta show a change only after this time and this number of readings (M20).
    lag: timedelta = timedelta(0)
    lag_reads: int = 0
    lag_get: bool = False
    # Single events and instances show a change only after this time, though delta has it already; Microsoft
    # promises no order between the two (M20).
    get_lag: timedelta = timedelta(0)
    # Each of so many Graph requests of an account is refused for no reason; 0: none (M48; no report is known
    # of a stray 404, but nothing excludes one).
    stray_conflict_every: int = 0
    stray_not_found_every: int = 0

    # M47: how long after its creation Exchange gives an event a new change key by itself.
    bump_after: timedelta | None = None
    # A known transactionId with another body is refused with 400, or answered with the first event (M40);
    # for how long it is known is not said anywhere, nor whether its event may be deleted since (M42): the
    # stricter reading is that it may.
    changed_transaction: str = "refused"
    transaction_memory: timedelta | None = None
    transaction_outlives_event: bool = True
    # M44: what a person makes in Outlook has a transactionId too.
    owner_transactions: bool = False
    # M65: declined invitations stay in the calendar.
    keep_declined: bool = False
    # M58: a new event invites nobody.
    unsent_invitations: bool = False
    # M62: a deleted event is still answered by its id, from the folder of deleted items.
    deleted_items_answer: bool = False
    # M68: the response of the organizer, "organizer" or "none".
    own_response: str = "organizer"
    # M72: longer subjects are cut to this length, with three dots at their end.
    longest_subject: int | None = 255

    # M27: an event is found under the path of any calendar of its mailbox.
    unscoped_event_paths: bool = False
    # M31: calendars have other ids without the header for immutable ids.
    calendar_ids_by_header: bool = False
    # M36: originalStart has no seconds.
    whole_minutes: bool = False
    # M85: times of invitations are shown in the organizer's zone, whatever zone was asked for.
    zone_not_converted: bool = False

    # M38: exceptions have no originalStart among the instances of their series.
    bare_exceptions: bool = False
    # M92: the instances of a series do not include its exceptions.
    instances_without_exceptions: bool = False
    # M91: a page of /events begins with the last event of the page before.
    repeated_page_ends: bool = False
    # M51: each of so many listings by an extended property finds nothing; 0: none.
    empty_filter_every: int = 0
    # M53: calendarView shows no extended properties.
    views_without_properties: bool = False
    # M96: a private event of a shared calendar is listed, but cannot be read by itself.
    private_unreadable: bool = False

    # What goes wrong with delta in windows longer than `delta_trouble_beyond`: "endless" rounds with a new
    # nextLink on every page and the same content (M5), or "unanswered" (504, M7).
    delta_trouble: str = ""
    delta_trouble_beyond: timedelta = timedelta(0)
    # M9: what delta reports when one occurrence was deleted: "nothing", "series" (the rest) or "removed".
    deleted_occurrences: str = "nothing"
    # M11: delta does not report deletions.
    silent_deletions: bool = False
    # M23, M24: delta with immutable ids does not report an event that was moved here from another calendar.
    silent_moves: bool = False
    # Which removals delta reports for a deleted series: "all" (with its occurrences) or only the "master";
    # nothing is known.
    removed_series: str = "all"
    # M13: a first round reports removals too.
    initial_removed: bool = False
    # M20: the first entry of a round comes once more at its end.
    duplicate_rows: bool = False
    # M18: how old a delta link may become, and how many later ones may exist.
    delta_token_life: timedelta | None = None
    delta_generations: int | None = None
    # M14, M16: status, code and form of the error for an expired sync state.
    sync_reset_status: int = 410
    sync_reset_code: str = "SyncStateNotFound"
    sync_reset_nested: bool = False
    sync_reset_location: bool = False
    # M17: the code of 400 for a token that cannot be read.
    unreadable_token_code: str = "ErrorInvalidUrlQuery"

    # M119: the longest life of a subscription; M120: the code of 400 for a longer one.
    subscription_life: timedelta = timedelta(minutes=10_080)
    long_life_code: str = "ValidationError"
    # https://learn.microsoft.com/graph/api/resources/subscription: a day with resource data
    rich_subscription_life: timedelta = timedelta(minutes=1_440)
    # https://learn.microsoft.com/graph/api/subscription-post-subscriptions: Calendars.Read is the least
    # permission; whether a wider one counts is not said.
    subscription_scope_exact: bool = False
    # M123: a second subscription for the same resource is accepted.
    duplicate_subscriptions: bool = False
    # M121: the status with which every creation and renewal is refused as ExtensionError; 0: none.
    extension_error: int = 0
    # M124: the list of subscriptions is empty.
    hidden_subscriptions: bool = False
    # M129: the code of 400 for an address that did not echo its validation token.
    validation_code: str = "ValidationError"
    # M137: a subscription ends after this time, and nothing says so.
    subscription_vanishes_after: timedelta | None = None
    # What becomes of a resource whose calendar id is percent-encoded: "silent" (accepted, but nothing is
    # ever pushed), "refused" or "decoded". Nothing is known; an id is to be used as it is.
    encoded_resources: str = "silent"
    # https://learn.microsoft.com/graph/change-notifications-lifecycle-events: the status of a PATCH less
    # than ten minutes after reauthorize; 0 lets it pass.
    renew_after_reauthorize: int = 403
    # M133: how many more updates are notified for each change.
    extra_updates: int = 0
    # https://learn.microsoft.com/graph/change-notifications-delivery-webhooks: several may come together
    batch_notifications: bool = True
    # M138: slow endpoints are notified later, or not at all.
    endpoint_rules: bool = True

    # M114: the status for too many requests at once, 429 or 503; M115: whether Retry-After comes with it.
    concurrency_status: int = 429
    retry_after_sent: bool = True


# What a random story may draw for each setting, as `admin.set_setting` takes it (durations in seconds). The
# first value is the usual one. Not drawn: what ends with no calendar at all (`delta_trouble`), what changes
# nothing that a story looks at, and `instances_without_exceptions`, which is contested and not provided for.
SWITCHES: Mapping[str, tuple[Any, ...]] = {
    "bare_exceptions": (False, True),
    "bump_after": (None, 5),
    "calendar_ids_by_header": (False, True),
    "changed_transaction": ("refused", "first"),
    "concurrency_status": (429, 503),
    "deleted_items_answer": (False, True),
    "deleted_occurrences": ("nothing", "series", "removed"),
    "duplicate_rows": (False, True),
    "duplicate_subscriptions": (False, True),
    "empty_filter_every": (0, 3),
    "encoded_resources": ("silent", "decoded"),
    "extension_error": (0, 403),
    "extra_updates": (0, 2),
    "get_lag": (0, 5),
    "hidden_subscriptions": (False, True),
    "initial_removed": (False, True),
    "keep_declined": (False, True),
    "lag": (0, 40),
    "longest_subject": (255, None),
    "own_response": ("organizer", "none"),
    "owner_transactions": (False, True),
    "removed_series": ("all", "master"),
    "repeated_page_ends": (False, True),
    "retry_after_sent": (True, False),
    "silent_deletions": (False, True),
    "silent_moves": (False, True),
    "stray_conflict_every": (0, 40),
    "stray_not_found_every": (0, 40),
    "subscription_vanishes_after": (None, 7200),
    "sync_reset_status": (410, 400),
    "transaction_outlives_event": (True, False),
    "unreadable_token_code": ("ErrorInvalidUrlQuery", "InvalidDeltaToken"),
    "unscoped_event_paths": (False, True),
    "views_without_properties": (False, True),
    "whole_minutes": (False, True),
    "zone_not_converted": (False, True),
}
