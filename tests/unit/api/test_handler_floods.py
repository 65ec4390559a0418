"""Many requests from browser pages cost few reads of the database."""

from __future__ import annotations

import pytest

from common.api.handler import Function
from common.domain.shared.rate_limits import Limits
from tests.unit.api.handler_setup import ROUTES, FakeInstallation, call

MOST = Limits().requests // 2
SHOP = {"Origin": "https://shop.example"}
ASKING = {"Access-Control-Request-Method": "POST"}


class CountingInstallation(FakeInstallation):
    """Counts how often a tenant's origins are read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.function = Function("test", ROUTES, lambda: self)

    def origin_allowed(self, origin: str, tenant: str | None) -> bool:
        self.reads += tenant is not None
        return super().origin_allowed(origin, tenant)


@pytest.fixture
def installation() -> CountingInstallation:
    return CountingInstallation()


def flood(installation, method, path, headers, *, times=MOST + 20):
    """Send many requests."""
    return [
        call(installation, method, path, headers=headers, function=installation.function)[0]
        for _ in range(times)
    ]


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
def test_many_calls_of_one_address_cost_few_reads(installation, method, path, more):
    """Preflights, calls with and without valid tokens, unknown paths: at most one read each."""
    flood(installation, method, path, SHOP | more)

    assert installation.reads <= MOST


def test_a_preflight_reads_the_tenant_once(installation):
    """What was read to answer it is not read again for its headers."""
    call(installation, "OPTIONS", "/?tenant=t1", headers=SHOP | ASKING)

    assert 1 == installation.reads


def test_a_refused_flood_reads_no_tenant(installation):
    """An allowed page can read its 429 without another read of the tenant; other pages cause no read."""
    answers = flood(installation, "OPTIONS", "/?tenant=t1", SHOP | ASKING)
    foreign = flood(
        installation, "OPTIONS", "/?tenant=t1", ASKING | {"Origin": "https://evil.example"}, times=1
    )

    assert [204] * MOST + [429] * 20 == [answer.status_code for answer in answers]
    assert "https://shop.example" == answers[-1].headers["Access-Control-Allow-Origin"]
    assert "Retry-After" in answers[-1].headers
    assert (429, None) == (foreign[0].status_code, foreign[0].headers.get("Access-Control-Allow-Origin"))


def test_the_console_and_staff_are_not_limited(installation):
    """The console's origin is known without a read; callers with a valid token have no limit here."""
    console = flood(installation, "OPTIONS", "/mine", ASKING | {"Origin": "https://console.example"})
    staff = flood(installation, "GET", "/mine", SHOP | {"Authorization": "Bearer staff.a.b"})

    assert {204} == {answer.status_code for answer in console}
    assert {200} == {answer.status_code for answer in staff}
