"""A flood of calls by browser pages costs no more reads than an address may cause."""

from __future__ import annotations

import pytest

from common.api.handler import Function
from common.domain.shared.rate_limits import Limits
from tests.unit.api.handler_setup import ROUTES, Stage, call

MOST = Limits().requests // 2
SHOP = {"Origin": "https://shop.example"}
ASKING = {"Access-Control-Request-Method": "POST"}


class Counting(Stage):
    """Counts how often a tenant is read for its pages."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.door = Function("test", ROUTES, lambda: self)

    def origin_allowed(self, origin: str, tenant: str | None) -> bool:
        self.reads += tenant is not None
        return super().origin_allowed(origin, tenant)


@pytest.fixture
def stage() -> Counting:
    return Counting()


def flood(stage, method, path, headers, *, times=MOST + 20):
    return [call(stage, method, path, headers=headers, door=stage.door)[0] for _ in range(times)]


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("OPTIONS", "/?tenant=t1", ASKING),
        ("GET", "/?tenant=t1", {}),
        ("GET", "/mine?tenant=t1", {}),
        ("GET", "/mine?tenant=t1", {"Authorization": "Bearer x.y.z"}),
        ("GET", "/nowhere?tenant=t1", {}),
    ],
)
def test_a_flood_costs_few_reads(stage, method, path, more):
    """Preflights, calls, calls without or with a bad token, and calls of nothing: one read each at most."""
    flood(stage, method, path, SHOP | more)

    assert stage.reads <= MOST


def test_a_preflight_reads_once(stage):
    """What is asked for the answer is not asked again for its headers."""
    call(stage, "OPTIONS", "/?tenant=t1", headers=SHOP | ASKING)

    assert 1 == stage.reads


def test_a_known_page_reads_that_it_came_too_often(stage):
    """Its tenant is not asked again; an unknown page reads nothing."""
    answers = flood(stage, "OPTIONS", "/?tenant=t1", SHOP | ASKING)
    foreign = flood(stage, "OPTIONS", "/?tenant=t1", ASKING | {"Origin": "https://evil.example"}, times=1)

    assert [204] * MOST + [429] * 20 == [answer.status_code for answer in answers]
    assert "https://shop.example" == answers[-1].headers["Access-Control-Allow-Origin"]
    assert "Retry-After" in answers[-1].headers
    assert (429, None) == (foreign[0].status_code, foreign[0].headers.get("Access-Control-Allow-Origin"))


def test_the_console_and_verified_callers_are_not_counted(stage):
    """Its pages are known without a read, and staff with a token come as often as they like."""
    console = flood(stage, "OPTIONS", "/mine", ASKING | {"Origin": "https://console.example"})
    staff = flood(stage, "GET", "/mine", SHOP | {"Authorization": "Bearer staff.a.b"})

    assert {204} == {answer.status_code for answer in console}
    assert {200} == {answer.status_code for answer in staff}
