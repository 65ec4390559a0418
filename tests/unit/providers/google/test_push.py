from __future__ import annotations

import subprocess
import sys

import pytest

from common.domain.sync.push import PushClaims, PushNotice, encode_token
from common.providers.google.push import notice

CLAIMS = PushClaims("t1", "c1" * 12, "b1" * 12, "n123456789", b"\x01" * 16)


def headers(**changes: str) -> dict[str, str]:
    return {
        "X-Goog-Channel-ID": "n123456789",
        "X-Goog-Channel-Token": encode_token(CLAIMS),
        "X-Goog-Resource-ID": "r1",
        "X-Goog-Resource-State": "exists",
        "X-Goog-Message-Number": "12",
        **changes,
    }


@pytest.mark.pitfall(10)
@pytest.mark.parametrize(
    ("state", "opening"), [("sync", True), ("exists", False), ("not_exists", False), ("new", False)]
)
def test_everything_after_the_opening_means_look(state: str, opening: bool) -> None:
    """Only the first message says nothing but that the channel works (pitfall 10)."""
    said = notice(headers(**{"X-Goog-Resource-State": state}))

    assert said == PushNotice(encode_token(CLAIMS), "n123456789", opening=opening)
    assert said.claims == CLAIMS


@pytest.mark.pitfall(10)
@pytest.mark.parametrize(
    "changes",
    [
        {"X-Goog-Channel-ID": "another"},
        {"X-Goog-Channel-Token": "t1:c1:k1"},
        {"X-Goog-Channel-Token": ""},
        {"X-Goog-Channel-Token": "t1:c1:k1:n1:???"},
    ],
)
def test_a_foreign_message_claims_nothing(changes: dict[str, str]) -> None:
    """A token that is not ours, or of another channel, is no claim (pitfall 10)."""
    assert notice(headers(**changes)).claims is None


def test_header_names_have_no_case() -> None:
    """Proxies change the case of names; an empty message is no claim."""
    assert notice({name.lower(): value for name, value in headers().items()}).claims == CLAIMS
    assert notice({}) == PushNotice(None)


def test_reading_a_push_message_is_light() -> None:
    """The webhook's cold start loads neither Google's client nor a database nor an HTTP library."""
    heavy = {"googleapiclient", "httplib2", "requests", "google.cloud.firestore", "google.auth", "pydantic"}
    code = (
        "import sys, common.providers.google.push\n"
        f"print([name for name in {sorted(heavy)!r} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
