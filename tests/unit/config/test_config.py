"""Settings are read strictly, and their refusals name the setting and never its value."""

from __future__ import annotations

import json

import pytest

from common.config import Config, Misconfigured

KEY = "ab" * 32


@pytest.mark.parametrize("base", ["https://functions.example", "https://functions.example/"])
def test_a_function_lies_under_the_common_address(base: str) -> None:
    """A slash at the end of the common address is no second slash in a function's."""
    assert Config({"PUBLIC_BASE_URL": base}).function_url("slots") == "https://functions.example/slots"


def test_a_functions_own_address_wins() -> None:
    """One address per function, where the platform gives each its own."""
    config = Config({"PUBLIC_BASE_URL": "https://a.example", "FUNCTION_URL_SLOTS": "https://slots.example/"})

    assert config.function_url("slots") == "https://slots.example"


def test_a_missing_setting_is_named() -> None:
    """Who deploys reads which one it is."""
    with pytest.raises(Misconfigured, match="GRANT_KEYSET"):
        Config({}).text("GRANT_KEYSET")


@pytest.mark.parametrize("value", ["secret-that-is-not-hex", "abcd", f"{KEY},abcd"])
def test_a_key_that_is_none_is_refused_without_being_shown(value: str) -> None:
    """Short or malformed keys stop the start; the text holds nothing of them."""
    with pytest.raises(Misconfigured) as refused:
        Config({"SIGNING_KEYS": value}).keys("SIGNING_KEYS")

    assert "SIGNING_KEYS" in str(refused.value)
    assert value not in str(refused.value)


def test_several_keys_are_read_in_order() -> None:
    """The first one signs, the others verify."""
    assert Config({"K": f"{KEY}, {'cd' * 32}"}).keys("K") == (bytes.fromhex(KEY), bytes.fromhex("cd" * 32))


def test_a_number_that_is_none_is_refused() -> None:
    """Not read as zero."""
    with pytest.raises(Misconfigured, match="POLL_MINUTES"):
        Config({"POLL_MINUTES": "often"}).number("POLL_MINUTES", 15)


DEPLOYED = {"K_SERVICE": "slotbridge-notify"}


@pytest.mark.parametrize(
    "address",
    [
        *("http://localhost:3000/booking", "https://localhost:3000/booking", "https://app.localhost"),
        *("https://127.0.0.1/booking", "https://[::1]/booking", "https://10.0.0.7", "https://0.0.0.0"),
        *("http://book.example.com/manage", "book.example.com/manage", "https://", "https://[book"),
    ],
)
def test_a_deployed_page_is_one_that_others_can_open(address: str) -> None:
    """On one machine every address will do; deployed, the setting is named and its value is not shown."""
    for name in ("MANAGE_URL", "INVITE_URL", "CONSOLE_URL"):
        with pytest.raises(Misconfigured, match=name) as refused:
            Config(DEPLOYED | {name: address}).page(name)

        assert address not in str(refused.value)
        assert Config({name: address}).page(name) == address


def test_deployed_mails_lead_somewhere() -> None:
    """An installation that sends mails names its pages, and one without mails needs none."""
    sending = DEPLOYED | {"MAIL_SENDER": "bookings@example.com"}

    with pytest.raises(Misconfigured, match="MANAGE_URL"):
        Config(sending).page("MANAGE_URL")
    page = "https://book.example.com/manage"
    assert Config(sending | {"MANAGE_URL": page}).page("MANAGE_URL") == page
    assert (Config(DEPLOYED).page("MANAGE_URL"), Config({}).page("MANAGE_URL")) == ("", "")


STAFF = {
    "STAFF_TOKEN_ISSUER": "https://login.example",
    "STAFF_TOKEN_AUDIENCE": "ours",
    "STAFF_TOKEN_JWKS_URI": "https://login.example/keys",
}
MORE = {"issuer": "https://chain.example", "audience": "x", "jwks_uri": "https://chain.example/keys"}


def test_more_issuers_are_bound_to_what_they_name() -> None:
    """The first one vouches for support; another one only where it says so, and for its tenants alone."""
    described = [MORE, {**MORE, "tenants": ["a", "b"], "claims": {"role": "roles"}, "support": True}]
    first, plain, bound = Config(STAFF | {"STAFF_ISSUERS": json.dumps(described)}).staff

    assert (True, (), "https://login.example") == (first.support, first.tenants, first.url)
    assert (False, (), "role") == (plain.support, plain.tenants, plain.role_claim)
    assert (True, ("a", "b"), "roles") == (bound.support, bound.tenants, bound.role_claim)
    assert {None} == {item.tenant for item in (first, plain, bound)}


@pytest.mark.parametrize(
    "text",
    [
        *("{", "7", '["x"]'),
        json.dumps([{**MORE, "tenant": "a"}]),
        json.dumps([{**MORE, "tenants": "ab"}]),
        json.dumps([{**MORE, "tenants": ["a/b"]}]),
        json.dumps([{"issuer": "https://a.example"}]),
    ],
)
def test_what_is_no_list_of_issuers_stops_everybody(text: str) -> None:
    """A word that is not understood may be a bond that would not hold."""
    with pytest.raises(Misconfigured, match="STAFF_ISSUERS"):
        _ = Config(STAFF | {"STAFF_ISSUERS": text}).staff


@pytest.mark.parametrize("hops", ["-1", "6", "two"])
def test_a_wrong_number_of_hops_is_refused(hops: str) -> None:
    """Else everybody's address would be whatever they wrote."""
    with pytest.raises(Misconfigured, match="CLIENT_HOPS"):
        _ = Config({"CLIENT_HOPS": hops}).limits
