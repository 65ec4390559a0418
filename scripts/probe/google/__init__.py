"""The probe of Google: its account, and the facts by topic."""

from __future__ import annotations

from scripts.probe.fact import Facts
from scripts.probe.google import (
    accounts_and_tokens,
    calendars,
    event_fields,
    event_ids,
    listings,
    people,
    push_channels,
    reminders,
    series,
    times,
)

FACTS = Facts(
    [
        *calendars.FACTS,
        *listings.FACTS,
        *event_ids.FACTS,
        *event_fields.FACTS,
        *reminders.FACTS,
        *times.FACTS,
        *series.FACTS,
        *people.FACTS,
        *push_channels.FACTS,
        *accounts_and_tokens.FACTS,
    ]
)
