"""The probe sees what a double does otherwise when one of its switches is set."""

from datetime import timedelta

import pytest

from tests.probe.doubles import GoogleDouble, MicrosoftDouble

HOUR = timedelta(hours=1)
# The setting, its value, the fact that sees it, and what is seen.
GOOGLE = [
    ("fresh_calendar_delay", HOUR, "G95", "404 notFound"),
    ("refuse_updates_of_ui_deleted", False, "G28", "200 confirmed"),
    ("refuse_known_imports", True, "G32", "409 duplicate"),
    ("instances_of_single", "empty", "G34", "200 0 items"),
    ("instances_of_single", "itself", "G67", "200 1 items"),
    ("exceptions_of_single", "cancelled", "G67-exception", "200 cancelled"),
    ("unknown_zones", frozenset({"Europe/Kyiv"}), "G51-2022", "400 invalid"),
    ("zones_left_out", True, "G54", "absent"),
    ("id_only_tombstones", True, "G9-single", "etag id kind status"),
    ("responses_reset", True, "G80", "needsAction"),
]
MICROSOFT = [
    ("changed_transaction", "first", "M40", "201 the first event"),
    ("transaction_outlives_event", False, "M42", "201 a new event"),
    ("bump_after", timedelta(0), "M47", "another"),
    ("own_response", "none", "M68", "none"),
    ("longest_subject", None, "M72", "201 300"),
    ("unscoped_event_paths", True, "M27", "200"),
    ("deleted_items_answer", True, "M62-short-path", "200"),
    ("calendar_ids_by_header", True, "M31", "others"),
    ("whole_minutes", True, "M36", "cut"),
    ("bare_exceptions", True, "M38", "absent"),
    ("instances_without_exceptions", True, "M92", "nothing"),
    ("repeated_page_ends", True, "M91", "yes"),
    ("views_without_properties", True, "M53", "absent"),
    ("silent_deletions", True, "M11", "nothing"),
    ("silent_moves", True, "M23", "nothing"),
    ("delta_trouble", "endless", "M5", "does not end"),
    ("duplicate_subscriptions", True, "M123", "201"),
    ("hidden_subscriptions", True, "M124", "empty"),
    ("extension_error", 404, "M130", "404 ExtensionError"),
    ("long_life_code", "ExtensionError", "M120", "400 ExtensionError"),
    ("unreadable_token_code", "InvalidDeltaToken", "M17", "400 InvalidDeltaToken"),
    ("deleted_occurrences", "series", "M9", "series"),
]
EVERY = [(GoogleDouble, *each) for each in GOOGLE] + [(MicrosoftDouble, *each) for each in MICROSOFT]


@pytest.mark.parametrize(
    ("kind", "setting", "value", "fact", "seen"), EVERY, ids=[f"{each[1]}-{each[3]}" for each in EVERY]
)
def test_a_switch_of_the_double_is_seen(kind, setting, value, fact, seen):
    """A double that behaves otherwise is different in the fact that is about it, and says how."""
    with kind() as double:
        setattr(double.sim.settings, setting, value)
        code = double.tried("--only", fact)

        assert code == 1
        assert [f" seen: {seen}" in line for line in double.lines if line.startswith(f"{fact} ")] == [True]
