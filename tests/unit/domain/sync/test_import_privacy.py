"""Which texts of imported events may stay under the modes of a connection."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.interval import Interval
from common.domain.connect.settings import ImportMode, ImportSettings, PrivateMode
from common.domain.sync.import_privacy import redacted
from tests.imported_events import imported_event

NOW = datetime(2027, 3, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.pitfall(25)
@pytest.mark.parametrize(
    ("mode", "private", "plain", "hidden"),
    [
        (ImportMode.FULL, PrivateMode.FULL, "text", "text"),
        (ImportMode.FULL, PrivateMode.TIMES, "text", "times"),
        (ImportMode.FULL, PrivateMode.NONE, "text", "nothing"),
        (ImportMode.TIMES, PrivateMode.FULL, "times", "times"),
        (ImportMode.TIMES, PrivateMode.TIMES, "times", "times"),
        (ImportMode.TIMES, PrivateMode.NONE, "times", "nothing"),
    ],
)
def test_which_texts_may_stay_under_each_pair_of_modes(mode, private, plain, hidden):
    """The same answer as for an event that is imported afresh."""

    def left(*, secret):
        span = Interval(NOW, NOW + HOUR)
        event = imported_event("e", span, private=secret, title="t", description="d")
        kept = redacted(event, ImportSettings(mode=mode, private=private))
        if kept is None:
            return "nothing"
        return {("t", "d"): "text", (None, None): "times"}[(kept.title, kept.description)]

    assert (left(secret=False), left(secret=True)) == (plain, hidden)
