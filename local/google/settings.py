"""Settings of the simulated Google: where it is strict, how long things live, which oddities it shows."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Settings:
    """Settings that `admin.set_setting` changes while the simulator runs (durations in seconds)."""

    allow_http_push: bool = False
    channel_cap: timedelta = timedelta(days=7)
    sync_token_life: timedelta | None = None
    updated_min_history: timedelta = timedelta(days=28)
    id_only_tombstones: bool = False
    refuse_updates_of_ui_deleted: bool = False
    mail_despite_none: bool = False
    guest_budget: int | None = None
    refresh_token_limit: int = 100
    refresh_token_life: timedelta | None = None
    freebusy_days: int = 92
    notifications_per_change: int = 1
