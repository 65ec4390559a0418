"""Which callers the request handler admits: tokens, roles, browser origins and service accounts."""

from __future__ import annotations

import pytest

from common.api.http import Access
from common.api.routes import Route, push
from tests.unit.api.handler_setup import FakeInstallation, call, echo


@pytest.fixture
def installation() -> FakeInstallation:
    return FakeInstallation()


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/mine", None, 401),
        ("/mine", "Bearer nonsense", 401),
        ("/mine", "Basic owner.a.b", 401),
        ("/mine", "Bearer staff.a.b", 200),
        ("/owned", "Bearer staff.a.b", 403),
        ("/owned", "Bearer owner.a.b", 200),
        ("/mine", "Bearer ta.sk.s", 401),
    ],
)
def test_staff_routes_need_a_staff_token_of_sufficient_role(
    installation: FakeInstallation, path: str, token: str | None, status: int
) -> None:
    """Without one the call is refused; tenant and role come from the token."""
    headers = {"Authorization": token} if token else {}
    response, body = call(installation, "GET", path, headers=headers)

    assert response.status_code == status
    if status == 200:
        assert body["tenant"] == "t1"


def test_a_customer_or_staff_route_tells_the_two_tokens_apart(installation: FakeInstallation) -> None:
    """A customer's management token reaches the flow as it is; a staff token is verified first."""
    _, customer = call(installation, "GET", "/either", headers={"Authorization": "Bearer abcDEF_-"})
    _, member = call(installation, "GET", "/either", headers={"Authorization": "Bearer staff.a.b"})
    forged, _ = call(installation, "GET", "/either", headers={"Authorization": "Bearer x.y.z"})

    assert customer == {"tenant": None, "bearer": "abcDEF_-"}
    assert member["tenant"] == "t1"
    assert forged.status_code == 401


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://console.example", True),
        ("https://shop.example", True),
        ("https://shop.example.evil", False),
        ("http://shop.example", False),
        ("https://shop.example:8443", False),
        ("null", False),
    ],
)
def test_cors_names_listed_origins_only(installation: FakeInstallation, origin: str, allowed: bool) -> None:
    """Exactly as they are written in a list; never a star."""
    response, _ = call(installation, "GET", "/?tenant=t1", headers={"Origin": origin})

    expected = origin if allowed else None
    assert response.headers.get("Access-Control-Allow-Origin") == expected
    assert response.headers["Vary"] == "Origin"


def test_a_preflight_answers_allowed_origins_only(installation: FakeInstallation) -> None:
    """An origin that is not listed gets 403."""
    headers = {"Access-Control-Request-Method": "POST", "Origin": "https://console.example"}
    response, _ = call(installation, "OPTIONS", "/", headers=headers)
    foreign, _ = call(installation, "OPTIONS", "/", headers=headers | {"Origin": "https://evil.example"})

    assert (204, "https://console.example") == (
        response.status_code,
        response.headers["Access-Control-Allow-Origin"],
    )
    assert foreign.status_code == 403


def test_a_change_from_an_unlisted_origin_is_refused(installation: FakeInstallation) -> None:
    """With 403, before the flow runs."""
    response, body = call(installation, "POST", "/", json={}, headers={"Origin": "https://evil.example"})

    assert (403, "origin_not_allowed") == (response.status_code, body["code"])


@pytest.mark.parametrize(
    ("query", "origin", "status", "readable"),
    [
        ("?tenant=t1", "https://shop.example", 200, True),
        ("", "https://shop.example", 200, True),
        ("?tenant=t2", "https://shop.example", 403, True),
        ("?tenant=t2", "https://other.example", 403, False),
        ("?tenant=t1", "https://other.example", 200, False),
        ("?tenant=t2", None, 403, False),
        ("?tenant=", None, 403, False),
    ],
)
def test_the_origin_is_checked_for_the_tenant_of_the_token(
    installation: FakeInstallation, query: str, origin: str | None, status: int, readable: bool
) -> None:
    """A query that names another tenant than the token is refused."""
    headers = {"Authorization": "Bearer owner.a.b"} | ({"Origin": origin} if origin else {})
    for path in ("/mine", "/either"):
        response, body = call(installation, "GET", f"{path}{query}", headers=headers)

        assert response.status_code == status
        assert (status == 403) == (body.get("code") == "tenant_mismatch")
        assert ("Access-Control-Allow-Origin" in response.headers) == readable


def test_private_functions_need_the_service_account(installation: FakeInstallation) -> None:
    """A call without its token is refused, also with a staff token."""
    routes = (Route("POST", "/", Access.TASK, echo, body=True),)
    anonymous, _ = call(installation, "POST", "/", routes=routes, json={})
    member, _ = call(
        installation, "POST", "/", routes=routes, json={}, headers={"Authorization": "Bearer owner.a.b"}
    )
    queue, _ = call(
        installation, "POST", "/", routes=routes, json={}, headers={"Authorization": "Bearer ta.sk.s"}
    )

    assert (401, 401, 200) == (anonymous.status_code, member.status_code, queue.status_code)


def test_webhooks_ignore_origins(installation: FakeInstallation) -> None:
    """A webhook never reads a tenant because of an Origin header."""
    response, _ = call(
        installation, "POST", "/?tenant=t1", routes=(push(echo),), headers={"Origin": "https://shop.example"}
    )

    assert (200, None) == (response.status_code, response.headers.get("Access-Control-Allow-Origin"))
