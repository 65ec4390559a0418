import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.push import PushClaims, PushNotice, decoded, encoded

CLAIMS = PushClaims("tenant", "connection", "k" * 24, "channel", b"s" * 32)


def test_claims_survive_the_token():
    """What is encoded is decoded, and short enough for the provider."""
    assert decoded(encoded(CLAIMS)) == CLAIMS
    assert len(encoded(CLAIMS)) <= 256


@pytest.mark.pitfall(10)
@given(st.text(max_size=300))
def test_any_text_is_either_claims_or_nothing(text):
    """Pitfall 10: whatever somebody sends as a token, reading it never fails."""
    assert decoded(text) is None or isinstance(decoded(text), PushClaims)


@pytest.mark.pitfall(10)
@pytest.mark.parametrize(
    ("token", "channel"),
    [(None, "channel"), ("", "channel"), ("a:b", "channel"), (encoded(CLAIMS), "other")],
)
def test_a_message_without_matching_token_claims_nothing(token, channel):
    """Pitfall 10: no token, a foreign one, or one of another channel."""
    assert PushNotice(token=token, channel=channel).claims is None


def test_a_message_may_leave_the_channel_to_the_token():
    """Where the provider has ids of its own for channels, the token alone speaks."""
    assert CLAIMS == PushNotice(token=encoded(CLAIMS)).claims


def test_secrets_are_not_shown():
    """Neither token nor signature appears where a message or its claims are printed."""
    assert encoded(CLAIMS) not in repr(PushNotice(token=encoded(CLAIMS), channel="channel"))
    assert "sss" not in repr(CLAIMS)
