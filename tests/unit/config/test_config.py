"""Settings are checked strictly; an error names the setting and never shows its value."""

from __future__ import annotations

import json

import pytest

from common.config import Config, Misconfigured

KEY = "ab" * 32


@pytest.mark.parametrize("base", ["https://functions.example", "https://functions.example/"])
def test_a_functions_address_is_below_the_common_address(base: str) -> None:
    """A slash at the end of the common address is not doubled."""
    assert Config({"PUBLIC_BASE_URL": base}).function_url("slots") == "https://functions.example/slots"


def test_a_functions_own_address_overrides_the_common_one() -> None:
    """For platforms that give each function an address of its own."""
    config = Config({"PUBLIC_BASE_URL": "https://a.example", "FUNCTION_URL_SLOTS": "https://slots.example/"})

    assert config.function_url("slots") == "https://slots.example"


def test_a_missing_setting_is_named() -> None:
    """The error says which one."""
    with pytest.raises(Misconfigured, match="GRANT_KEYSET"):
        Config({}).text("GRANT_KEYSET")


@pytest.mark.parametrize("value", ["secret-that-is-not-hex", "abcd", f"{KEY},abcd"])
def test_an_invalid_key_is_refused_without_being_shown(value: str) -> None:
    """Short or malformed keys stop the start; the error holds no part of them."""
    with pytest.raises(Misconfigured) as refused:
        Config({"SIGNING_KEYS": value}).keys("SIGNING_KEYS")

    assert "SIGNING_KEYS" in str(refused.value)
    assert value not in str(refused.value)


def test_several_keys_are_read_in_order() -> None:
    """The first one signs, all of them verify."""
    assert Config({"K": f"{KEY}, {'cd' * 32}"}).keys("K") == (bytes.fromhex(KEY), bytes.fromhex("cd" * 32))


@pytest.mark.parametrize("text", ["often", "nan", "inf", "1_0", "1e3", "\u0661", "0x10", "15 min"])
def test_an_invalid_number_is_refused(text: str) -> None:
    """It is not read as zero."""
    with pytest.raises(Misconfigured, match="POLL_MINUTES"):
        Config({"POLL_MINUTES": text}).number("POLL_MINUTES", 15)


DEPLOYED = {"K_SERVICE": "slotbridge-notify"}


@pytest.mark.parametrize(
    "address",
    [
        *("http://localhost:3000/booking", "https://localhost:3000/booking", "https://app.localhost"),
        *("https://127.0.0.1/booking", "https://[::1]/booking", "https://10.0.0.7", "https://0.0.0.0"),
        *("http://book.example.com/manage", "book.example.com/manage", "https://", "https://[book"),
    ],
)
def test_a_deployed_page_needs_a_public_address(address: str) -> None:
    """In the local stack any address will do; deployed, the error names the setting, not its value."""
    for name in ("MANAGE_URL", "INVITE_URL", "CONSOLE_URL"):
        with pytest.raises(Misconfigured, match=name) as refused:
            Config(DEPLOYED | {name: address}).page(name)

        assert address not in str(refused.value)
        assert Config({name: address}).page(name) == address


def test_an_installation_with_mail_needs_its_pages() -> None:
    """Mails link to them; an installation without mail needs none."""
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


def test_further_issuers_are_limited_to_their_tenants() -> None:
    """The first one may grant the support role, a further one only where its setting says so."""
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
def test_an_invalid_list_of_issuers_is_refused(text: str) -> None:
    """An unknown word could be a limit that would be ignored."""
    with pytest.raises(Misconfigured, match="STAFF_ISSUERS"):
        _ = Config(STAFF | {"STAFF_ISSUERS": text}).staff


@pytest.mark.parametrize("hops", ["-1", "6", "two"])
def test_an_invalid_number_of_proxies_is_refused(hops: str) -> None:
    """Otherwise callers could choose the address that they are counted under."""
    with pytest.raises(Misconfigured, match="CLIENT_HOPS"):
        _ = Config({"CLIENT_HOPS": hops}).limits
