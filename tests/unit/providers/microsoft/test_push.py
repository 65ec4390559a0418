from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from common.domain.sync.push import Cause, PushNotice
from common.errors import InvalidRequest
from common.providers.microsoft.push import challenge, notices


@pytest.mark.pitfall(10)
def test_every_item_of_a_batch_is_read() -> None:
    """Several subscriptions, changes and lifecycle events come in one body (pitfall 10)."""
    body = {
        "value": [
            {"clientState": "one", "changeType": "created", "resourceData": {"id": "x"}},
            {"clientState": "two", "lifecycleEvent": "missed"},
            {"changeType": "updated"},
            7,
        ]
    }

    assert notices(body) == (
        PushNotice("one"),
        PushNotice("two", cause=Cause.MISSED),
        PushNotice(None),
        PushNotice(None),
    )


@pytest.mark.pitfall(9)
@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("reauthorizationRequired", Cause.REAUTHORIZE),
        ("subscriptionRemoved", Cause.REMOVED),
        ("missed", Cause.MISSED),
        ("MISSED", Cause.MISSED),
        ("unknownFutureValue", Cause.MISSED),
        (7, Cause.MISSED),
        (None, Cause.CHANGED),
    ],
)
def test_each_lifecycle_event_is_its_own(said: object, cause: Cause) -> None:
    """They need different answers; one that nobody knows may mean that something was missed (pitfall 9)."""
    (said_notice,) = notices({"value": [{"clientState": "s", "lifecycleEvent": said}]})

    assert said_notice.cause is cause


@pytest.mark.parametrize("body", [None, [], 7, {}, {"value": None}, {"value": {}}])
def test_what_is_no_collection_is_refused(body: Any) -> None:
    """Graph sends again what was not accepted."""
    with pytest.raises(InvalidRequest):
        notices(body)


@pytest.mark.pitfall(9)
@pytest.mark.parametrize(
    "token", ["Validation: Testing client application reachability : 100%", "a" * 2048, "ü"]
)
def test_a_validation_is_echoed_as_it_is(token: str) -> None:
    """Whatever Microsoft may send, exactly (pitfall 9)."""
    assert challenge(token) == token


@pytest.mark.parametrize("token", ["", "<script>", "a>b", "a\nb", "a\x00", "\u202e", "a" * 2049])
def test_nothing_that_a_browser_could_read_is_echoed(token: str) -> None:
    """Markup, control characters and endless texts are refused."""
    with pytest.raises(InvalidRequest):
        challenge(token)


@pytest.mark.pitfall(9)
def test_the_webhook_starts_light() -> None:
    """Reading a notification imports neither msal nor requests (pitfall 9)."""
    code = (
        "import sys, common.providers.microsoft.push; "
        "print([name for name in ('msal', 'requests', 'urllib3', 'googleapiclient') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "[]"
