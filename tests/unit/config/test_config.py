"""Settings are read strictly, and their refusals name the setting and never its value."""

from __future__ import annotations

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
