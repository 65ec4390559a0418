"""Who may call: tokens, roles, origins and the service account."""

from __future__ import annotations

import pytest

from common.api.http import Access
from common.api.routes import Route, push
from tests.unit.api.handler_setup import Stage, call, echo


@pytest.fixture
def stage() -> Stage:
    return Stage()


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
def test_staff_routes_want_staff(stage: Stage, path: str, token: str | None, status: int) -> None:
    """No token, a wrong one, or too small a role: refused; tenant and role come from the token."""
    headers = {"Authorization": token} if token else {}
    response, body = call(stage, "GET", path, headers=headers)

    assert response.status_code == status
    if status == 200:
        assert body["tenant"] == "t1"


def test_a_management_token_is_not_an_id_token(stage: Stage) -> None:
    """A customer's token reaches the flow as it is; a staff token is verified first."""
    _, customer = call(stage, "GET", "/either", headers={"Authorization": "Bearer abcDEF_-"})
    _, member = call(stage, "GET", "/either", headers={"Authorization": "Bearer staff.a.b"})
    forged, _ = call(stage, "GET", "/either", headers={"Authorization": "Bearer x.y.z"})

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
def test_cors_is_exact(stage: Stage, origin: str, allowed: bool) -> None:
    """Only an origin that is on a list, to the letter, is named in the answer; never a star."""
    response, _ = call(stage, "GET", "/?tenant=t1", headers={"Origin": origin})

    expected = origin if allowed else None
    assert response.headers.get("Access-Control-Allow-Origin") == expected
    assert response.headers["Vary"] == "Origin"


def test_a_preflight_names_the_methods(stage: Stage) -> None:
    """An allowed page learns what it may do; another one is refused."""
    headers = {"Access-Control-Request-Method": "POST", "Origin": "https://console.example"}
    response, _ = call(stage, "OPTIONS", "/", headers=headers)
    foreign, _ = call(stage, "OPTIONS", "/", headers=headers | {"Origin": "https://evil.example"})

    assert (204, "https://console.example") == (
        response.status_code,
        response.headers["Access-Control-Allow-Origin"],
    )
    assert foreign.status_code == 403


def test_a_foreign_page_changes_nothing(stage: Stage) -> None:
    """A state-changing call with a foreign Origin is refused before the flow runs."""
    response, body = call(stage, "POST", "/", json={}, headers={"Origin": "https://evil.example"})

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
def test_a_page_is_one_of_the_tokens_tenant(
    stage: Stage, query: str, origin: str | None, status: int, readable: bool
) -> None:
    """The token says whose pages may read the answer, and a query that names another tenant is refused."""
    headers = {"Authorization": "Bearer owner.a.b"} | ({"Origin": origin} if origin else {})
    for path in ("/mine", "/either"):
        response, body = call(stage, "GET", f"{path}{query}", headers=headers)

        assert response.status_code == status
        assert (status == 403) == (body.get("code") == "tenant_mismatch")
        assert ("Access-Control-Allow-Origin" in response.headers) == readable


def test_private_functions_want_the_service_account(stage: Stage) -> None:
    """A task without a verified service account is refused, a staff token is no help."""
    routes = (Route("POST", "/", Access.TASK, echo, body=True),)
    anonymous, _ = call(stage, "POST", "/", routes=routes, json={})
    member, _ = call(
        stage, "POST", "/", routes=routes, json={}, headers={"Authorization": "Bearer owner.a.b"}
    )
    queue, _ = call(stage, "POST", "/", routes=routes, json={}, headers={"Authorization": "Bearer ta.sk.s"})

    assert (401, 401, 200) == (anonymous.status_code, member.status_code, queue.status_code)


def test_webhooks_have_no_cors(stage: Stage) -> None:
    """A webhook never looks a tenant up because of an Origin header."""
    response, _ = call(
        stage, "POST", "/?tenant=t1", routes=(push(echo),), headers={"Origin": "https://shop.example"}
    )

    assert (200, None) == (response.status_code, response.headers.get("Access-Control-Allow-Origin"))
