"""Every function serves its own OpenAPI document."""

from __future__ import annotations

import pytest

from openapi.functions import names, one
from tests.api.conftest import Http


@pytest.mark.parametrize("function", names())
def test_a_function_serves_its_openapi_document(http: Http, function: str) -> None:
    """To everybody, without a token, and cacheable."""
    answer = http("GET", f"/{function}/openapi.json", token=None)
    again = http(
        "GET", f"/{function}/openapi.json", token=None, headers={"If-None-Match": answer.headers["ETag"]}
    )

    assert (answer.status, answer.body) == (200, one(function))
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert (again.status, again.body, again.headers["ETag"]) == (304, None, answer.headers["ETag"])


def test_a_changed_document_is_sent_in_full(http: Http) -> None:
    """The ETag of an older release does not match."""
    answer = http("GET", "/slots/openapi.json", token=None, headers={"If-None-Match": '"0"'})

    assert answer.status == 200
