"""The tokens by which push messages are recognised."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.sync.push import PushClaims, PushNotice, decode_token, encode_token

CLAIMS = PushClaims("tenant", "0123456789ab" * 2, "cd" * 12, "ch-_567890", b"s" * 16)


def test_claims_survive_the_token():
    """What is encoded is decoded; of a longer signature the half that fits."""
    assert decode_token(encode_token(CLAIMS)) == CLAIMS
    assert decode_token(encode_token(replace(CLAIMS, signature=b"s" * 32))) == CLAIMS


@pytest.mark.parametrize("tenant", ["a", "A-_9" * 16])
def test_a_token_fits_into_what_providers_take(tenant):
    """The longest tenant id that the API allows leaves the token within Microsoft's 128 characters."""
    longest = replace(CLAIMS, tenant=tenant)

    assert 64 + len(tenant) == len(encode_token(longest)) <= 128
    assert longest == decode_token(encode_token(longest))


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "t" * 65},
        {"connection": "c1"},
        {"calendar": "k" * 24},
        {"channel": "short"},
        {"tenant": ""},
    ],
)
def test_ids_that_are_not_ours_make_no_token(change):
    """A token that a provider would cut or refuse is never made."""
    with pytest.raises(ValueError, match=r"."):
        encode_token(replace(CLAIMS, **change))


@pytest.mark.pitfall(10)
@given(st.text(max_size=300))
def test_any_text_is_either_claims_or_nothing(text):
    """Pitfall 10: whatever somebody sends as a token, reading it never fails."""
    assert decode_token(text) is None or isinstance(decode_token(text), PushClaims)


@pytest.mark.pitfall(10)
@pytest.mark.parametrize(
    ("token", "channel"),
    [(None, "ch-_567890"), ("", "ch-_567890"), ("a:b", "ch-_567890"), (encode_token(CLAIMS), "other")],
)
def test_a_message_without_matching_token_claims_nothing(token, channel):
    """Pitfall 10: no token, a foreign one, or one of another channel."""
    assert PushNotice(token=token, channel=channel).claims is None


def test_a_message_may_leave_the_channel_to_the_token():
    """Where the provider has ids of its own for channels, the token alone is checked."""
    assert CLAIMS == PushNotice(token=encode_token(CLAIMS)).claims


def test_secrets_are_not_shown():
    """Neither token nor signature appears where a message or its claims are printed."""
    assert encode_token(CLAIMS) not in repr(PushNotice(token=encode_token(CLAIMS), channel="ch-_567890"))
    assert "sss" not in repr(CLAIMS)
