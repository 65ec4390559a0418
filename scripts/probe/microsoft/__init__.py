"""The probe of Microsoft: its account, and the facts by topic."""

from __future__ import annotations

from scripts.probe.fact import Facts
from scripts.probe.microsoft import (
    batches,
    calendars,
    delta,
    event_fields,
    event_ids,
    people,
    series,
    subscriptions,
    times,
    tokens,
    views,
    writes,
)

FACTS = Facts(
    [
        *calendars.FACTS,
        *delta.FACTS,
        *event_ids.FACTS,
        *writes.FACTS,
        *event_fields.FACTS,
        *times.FACTS,
        *series.FACTS,
        *views.FACTS,
        *batches.FACTS,
        *people.FACTS,
        *subscriptions.FACTS,
        *tokens.FACTS,
    ]
)
