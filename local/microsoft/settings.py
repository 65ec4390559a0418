"""Settings of the simulated Microsoft: how long things live, what is delayed, which oddities it shows."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Settings:
    """Settings that `admin.set_setting` changes while the simulator runs (durations in seconds)."""

    allow_http_push: bool = False
    login_origin: str = "https://login.microsoftonline.com"
    code_life: timedelta = timedelta(minutes=10)
    access_token_life: timedelta = timedelta(seconds=3599)
    refresh_token_life: timedelta = timedelta(days=90)
    full_scope_names: bool = False
    default_page: int = 10
    # Listings and delta show a change only after this time and this number of readings.
    lag: timedelta = timedelta(0)
    lag_reads: int = 0
    lag_get: bool = False
    # How long after its creation Exchange gives an event a new change key by itself.
    bump_after: timedelta | None = None
    transaction_memory: timedelta | None = None
    transaction_outlives_event: bool = False
    keep_declined: bool = False
    # What delta reports when one occurrence was deleted: "nothing", "series" (the rest of it) or "removed".
    deleted_occurrences: str = "nothing"
    # Which removals delta reports for a deleted series: "all" (with its occurrences) or only the "master".
    removed_series: str = "all"
    initial_removed: bool = False
    duplicate_rows: bool = False
    delta_token_life: timedelta | None = None
    delta_generations: int | None = None
    # Status, code and form of the error for an expired sync state.
    sync_reset_status: int = 410
    sync_reset_code: str = "SyncStateNotFound"
    sync_reset_nested: bool = False
    sync_reset_location: bool = False
    subscription_life: timedelta = timedelta(minutes=10_080)
    rich_subscription_life: timedelta = timedelta(minutes=1_440)
    subscription_scope_exact: bool = False
    duplicate_subscriptions: bool = False
    # The status of a PATCH less than ten minutes after reauthorize; 0 lets it pass.
    renew_after_reauthorize: int = 403
    extra_updates: int = 0
    batch_notifications: bool = True
    endpoint_rules: bool = True
