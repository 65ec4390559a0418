"""The routes of owners whose flow takes the tenant, what the path names and what the body says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from common.api.http import Call, Json, Reply
from common.api.models import Model, path_id, read, to_json
from common.api.paging import listing
from common.api.routes import Route, owner

if TYPE_CHECKING:
    from common.domain.shared.paging import Page
    from common.ports import Ports


C = TypeVar("C")
R = TypeVar("R")


class OwnerRouting:
    """Makes them."""

    def __init__(self, ports: Callable[[], Ports]) -> None:
        """``ports`` is asked at each call, not at import."""
        self._ports = ports

    def by(
        self,
        method: str,
        path: str,
        command: Callable[..., C],
        flow: Callable[[Ports, C], R],
        *,
        body: type[Model] | None = None,
        view: Callable[[R], Json] = to_json,
        status: int = 200,
    ) -> Route:
        """A route to a flow; a command that has a ``subject`` learns who asks, and ``vouched_by`` by whom."""
        asked = {item.name for item in fields(command)} & {"subject", "vouched_by"}  # type: ignore[arg-type]

        def run(call: Call) -> Reply:
            said: dict[str, Any] = read(body, call.body).model_dump(exclude_unset=True) if body else {}
            said |= {key: path_id(value) for key, value in call.path.items()}
            caller = {"subject": call.staff.subject, "vouched_by": call.staff.issuer}
            said |= {"tenant": call.staff.tenant} | {key: caller[key] for key in asked}
            return Reply(view(flow(self._ports(), command(**said))), status=status)

        return owner(method, path, run, body=body is not None)

    def shown(self, path: str, find: Callable[[Ports, str, str], Json]) -> Route:
        """A route that only reads: ``find`` gets the tenant and the first id of the path, if there is one."""

        def run(call: Call) -> Reply:
            first = next((path_id(value) for value in call.path.values()), "")
            return Reply(find(self._ports(), call.staff.tenant, first))

        return owner("GET", path, run)

    def listed(
        self,
        path: str,
        items: str,
        find: Callable[[Ports], Callable[..., Page[R]]],
        view: Callable[[R], Json] = to_json,
    ) -> Route:
        """A route to a list, page by page."""
        return owner("GET", path, listing(self._ports, items, find, view))
