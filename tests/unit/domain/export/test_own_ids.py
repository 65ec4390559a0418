"""The ids of exported events."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.calendar.event import id_signature, own_event_id


@given(st.binary(min_size=32, max_size=32))
def test_event_ids_follow_googles_rules_and_hold_the_signature(signature):
    """Lower-case base32hex, 5 to 1024 characters, and the signature can be read back."""
    made = own_event_id(signature)

    assert re.fullmatch("[a-v0-9]{5,1024}", made)
    assert signature == id_signature(made)


@pytest.mark.parametrize("foreign", ["", "sb", "sbxyz", "abc123", own_event_id(b"x" * 32) + "_20270322"])
def test_other_ids_hold_no_signature(foreign):
    """An id of another form is not one of Slotbridge's."""
    assert id_signature(foreign) is None
