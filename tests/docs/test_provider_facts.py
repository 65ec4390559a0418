"""The simulated providers and the list of what the real ones do name each other."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from local.google.settings import SWITCHES as GOOGLE_SWITCHES
from local.google.settings import Settings as GoogleSettings
from local.microsoft.settings import SWITCHES as MICROSOFT_SWITCHES
from local.microsoft.settings import Settings as MicrosoftSettings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/provider-facts.md"
ROW = re.compile(r"^\| ([GM]\d+) \| (.+) \| (.+?) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"\b[GM]\d+\b")
SURE = {"documented", "several", "once", "contested", "measured", "unknown"}
SHOWN = {"always", "switch", "fault", "no"}
FOLDERS = {"G": ROOT / "local/google", "M": ROOT / "local/microsoft"}
TESTS = {"G": ROOT / "tests/local/google", "M": ROOT / "tests/local/microsoft"}
SETTINGS = {"G": GoogleSettings, "M": MicrosoftSettings}
SWITCHES = {"G": GOOGLE_SWITCHES, "M": MICROSOFT_SWITCHES}


@cache
def rows() -> dict[str, tuple[str, str]]:
    """How sure each fact is, and where it is in the double, by its id."""
    return {row: (sure, shown) for row, _fact, sure, shown in ROW.findall(PAGE.read_text())}


@cache
def named_in(place: Path) -> frozenset[str]:
    """The rows that the code in a file or folder names."""
    paths = place.rglob("*.py") if place.is_dir() else [place]
    return frozenset(name for path in paths for name in NAMED.findall(path.read_text()))


def first_word(text: str) -> str:
    return re.split(r"[\s:,;]", text)[0]


def test_every_row_stands_once_and_is_complete() -> None:
    """No id is given twice; every row says how sure it is and where it is, in the words explained above."""
    ids = re.findall(r"^\| ([GM]\d+) \|", PAGE.read_text(), flags=re.MULTILINE)
    odd = [
        row
        for row, (sure, shown) in rows().items()
        if not set(re.split(r", ", sure)) <= SURE or first_word(shown) not in SHOWN
    ]

    assert sorted(set(ids)) == sorted(ids)
    assert (sorted(ids), []) == (sorted(rows()), odd)


@pytest.mark.parametrize("letter", FOLDERS)
def test_every_row_that_the_double_names_exists(letter: str) -> None:
    """The code names rows of its own provider that are in the list."""
    assert set() == named_in(FOLDERS[letter]) - {row for row in rows() if row.startswith(letter)}


@pytest.mark.parametrize("letter", FOLDERS)
def test_every_row_that_claims_to_be_in_the_double_is_named_there(letter: str) -> None:
    """What is normal behaviour or a switch says at its place which fact it rests on."""
    claimed = {
        row
        for row, (_, shown) in rows().items()
        if row.startswith(letter) and first_word(shown) in {"always", "switch"}
    }

    assert set() == claimed - named_in(FOLDERS[letter])


@pytest.mark.parametrize("letter", FOLDERS)
def test_the_files_that_rows_name_exist_and_name_the_row(letter: str) -> None:
    """A path in the list is that of a file of the provider's folder, which names the row."""
    paths = {
        (row, path)
        for row, (_, shown) in rows().items()
        for path in re.findall(r"`([a-z_/]+\.py)`", shown)
        if row.startswith(letter)
    }
    wrong = [
        (row, path)
        for row, path in paths
        if not (FOLDERS[letter] / path).exists() or row not in named_in(FOLDERS[letter] / path)
    ]

    assert [] == sorted(wrong)


def named_switches(letter: str) -> set[str]:
    """The settings that the rows of a provider name as switches."""
    return {
        name
        for row, (_, shown) in rows().items()
        for names in re.findall(r"(?:switch|setting) ((?:`[a-z_]+`(?:, )?)+)", shown)
        for name in re.findall(r"`([a-z_]+)`", names)
        if row.startswith(letter)
    }


@pytest.mark.parametrize("letter", FOLDERS)
def test_the_switches_of_rows_are_settings(letter: str) -> None:
    """A switch that the list names is a setting, and so is all that stories may set."""
    settings = set(SETTINGS[letter].__slots__)

    assert (set(), set()) == (named_switches(letter) - settings, set(SWITCHES[letter]) - settings)


@pytest.mark.parametrize("letter", FOLDERS)
def test_every_switch_of_a_row_is_turned_on_by_a_test(letter: str) -> None:
    """A behaviour that is off by default is shown by a test of the double."""
    tested = "".join(path.read_text() for path in TESTS[letter].rglob("test_*.py"))

    assert set() == {name for name in named_switches(letter) if not re.search(rf"\b{name}\b", tested)}
