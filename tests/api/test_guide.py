"""The guide for front-end developers (docs): each request on the page gets the answer that the page shows."""

from __future__ import annotations

import json
import re
from typing import Any

from openapi.functions import ROOT
from tests.api.conftest import Http
from tests.world import WEEKDAYS

GUIDE = ROOT / "docs/api.md"
PAIR = re.compile(r"```http\n(.*?)```\n```json\n(.*?)```", re.DOTALL)
ANYTHING = "…"


def fits(expected: Any, found: Any) -> bool:
    """Whether an answer is as the page shows it; an ellipsis stands for anything, or more items."""
    if expected == ANYTHING:
        return True
    if isinstance(expected, dict):
        return set(expected) == set(found) and all(fits(item, found[key]) for key, item in expected.items())
    if isinstance(expected, list):
        more = expected[-1:] == [ANYTHING]
        shown = expected[:-1] if more else expected
        return (more or len(shown) == len(found)) and all(map(fits, shown, found))
    return bool(expected == found)


def send_request(http: Http, text: str, known: dict[str, Any]) -> Any:
    """Send a request as it stands on the page, with the values of earlier answers filled in."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().splitlines()
    filled = [re.sub(r"\{(\w+)\}", lambda name: str(known[name[1]]), line) for line in (first, *lines)]
    method, path = filled[0].split(" ", 1)
    headers = dict(line.split(": ", 1) for line in filled[1:])
    token = headers.pop("Authorization", "").removeprefix("Bearer ") or None
    options = {"json": json.loads(body)} if body.strip() else {}
    return http(method, path, token=token, headers=headers, **options)


def test_each_request_of_the_guide_is_answered_as_shown(http: Http) -> None:
    """Field by field."""
    owner = "owner.salon.-"
    hours = {"monday": [str(item) for item in WEEKDAYS.days[0]]}
    http("PUT", "/tenant", token=owner, json={"name": "Salon", "time_zone": "Europe/Zurich"})
    resource = {"name": "Anna", "time_zone": "Europe/Zurich", "hours": hours}
    http("PUT", "/resources/anna", token=owner, json=resource)
    service = {"name": "Haircut", "duration": 30, "resources": ["anna"]}
    http("PUT", "/services/haircut", token=owner, json=service)
    known: dict[str, Any] = {}
    pairs = PAIR.findall(GUIDE.read_text())
    for request, shown in pairs:
        answer = send_request(http, request, known)
        assert fits(json.loads(shown), answer.body), (request, answer)
        known |= answer.body if answer.status < 300 else {}

    assert len(pairs) == 5
