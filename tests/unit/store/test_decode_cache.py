"""Weeks that were decoded before: the same as decoding them again, for no longer than they are unchanged."""

from __future__ import annotations

from google.cloud.firestore_v1 import types

from common.store.firestore.protobuf import fill_fields, snapshot
from common.store.slots.agenda import MOST_DECODED, DecodeCache

ROOT = "projects/p/databases/(default)/documents"
WEEK = "tenants/t/resources/r/agenda/2027-W12"


def document(path: str = WEEK, *, seconds: int = 1, **data: int):
    message = types.Document.pb()(name=f"{ROOT}/{path}")
    message.update_time.seconds = seconds
    fill_fields(message.fields, {"bookings": {name: [time, time + 60] for name, time in data.items()}})
    return message


def test_an_unchanged_week_is_decoded_once_and_a_changed_one_again() -> None:
    """The version that the database sends decides, and nothing else."""
    decoded = DecodeCache()
    first = decoded.snapshot(ROOT, document(a=100))
    same = decoded.snapshot(ROOT, document(a=100))
    changed = decoded.snapshot(ROOT, document(seconds=2, a=100, b=500))

    assert same is first
    assert first == snapshot(ROOT, document(a=100))
    assert changed == snapshot(ROOT, document(seconds=2, a=100, b=500))
    assert changed.data == {"bookings": {"a": [100, 160], "b": [500, 560]}}


def test_what_is_no_week_is_decoded_each_time() -> None:
    """Records belong to whoever read them."""
    decoded = DecodeCache()

    first, second = (decoded.snapshot(ROOT, document("tenants/t")) for _ in range(2))

    assert first == second
    assert first is not second


def test_two_resources_never_share_a_week() -> None:
    """The whole name counts, not the week alone."""
    decoded = DecodeCache()
    mine = decoded.snapshot(ROOT, document(a=100))
    other = decoded.snapshot(ROOT, document("tenants/u/resources/r/agenda/2027-W12", b=500))

    assert (mine.data, other.data) == ({"bookings": {"a": [100, 160]}}, {"bookings": {"b": [500, 560]}})


def test_only_so_many_weeks_are_kept() -> None:
    """The one that was not read for longest goes first."""
    decoded = DecodeCache()
    first = decoded.snapshot(ROOT, document(a=100))
    for number in range(MOST_DECODED - 1):
        decoded.snapshot(ROOT, document(f"tenants/t/resources/r{number}/agenda/2027-W12"))
    assert decoded.snapshot(ROOT, document(a=100)) is first
    for number in range(MOST_DECODED):
        decoded.snapshot(ROOT, document(f"tenants/t/resources/s{number}/agenda/2027-W12"))

    assert decoded.snapshot(ROOT, document(a=100)) is not first
