"""Calls the functions over HTTP without sockets; every answer is checked against the OpenAPI document."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from common import wiring
from tests.openapi_checks import Exchange, breaches
from tests.world import World


@dataclass(frozen=True)
class Answer:
    """An answer of the API: status, headers and decoded body."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str | None:
        return self.body.get("code") if isinstance(self.body, dict) else None


class Http:
    """Calls functions as a front end would."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, method: str, path: str, *, token: str | None = "owner.t1.-", **options: Any) -> Answer:
        address, question, query = path.partition("?")
        function, _, rest = address.removeprefix("/").partition("/")
        target = f"/{rest}{question}{query}"
        headers = dict(options.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        sent = options.get("json")
        builder = EnvironBuilder(method=method, path=target, headers=headers, **options)
        try:
            app = importlib.import_module(f"functions.{function}.main").APP
            response = app(Request(builder.get_environ()))
        finally:
            builder.close()
        text = response.get_data(as_text=True)
        parsed = json.loads(text) if "json" in (response.content_type or "") and text else text or None
        if method != "OPTIONS":
            exchange = Exchange(
                function=function,
                method=method,
                path=unquote(f"/{rest}"),
                query=dict(parse_qsl(query, keep_blank_values=True)),
                sent=sent,
                status=response.status_code,
                media=response.mimetype,
                answered=parsed,
                headers=dict(response.headers),
            )
            assert breaches(exchange) == [], exchange
        return Answer(response.status_code, parsed, dict(response.headers))


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    world.account()
    world.catalogue()
    world.install()
    yield world
    wiring.use(None)


@pytest.fixture
def http(world: World) -> Http:
    return Http(world)
