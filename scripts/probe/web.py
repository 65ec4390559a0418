"""The requests of the probe: spaced, limited in number, and repeated where the provider asks to slow down."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests

Json = dict[str, Any]
# Reasons of the providers' errors that mean "later", whatever the status.
# https://developers.google.com/workspace/calendar/api/guides/errors and
# https://learn.microsoft.com/graph/throttling
SLOWER: Final = frozenset(
    {
        "rateLimitExceeded",
        "userRateLimitExceeded",
        "ApplicationThrottled",
        "ErrorServerBusy",
        "TooManyRequests",
    }
)
TRIES: Final = 5
LONGEST_WAIT: Final = 120.0
TIMEOUT: Final = 60.0
_REASON = re.compile(r"[A-Za-z][A-Za-z_.]{0,59}")
_KEY = re.compile(r"(@odata\.|@)?[A-Za-z_]{1,40}")


class CallsUsedUp(Exception):
    """The run has made as many requests as it may."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, of which only the status, the reason and names of keys are ever shown."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether the request was carried out."""
        return self.status < 300  # noqa: PLR2004

    @property
    def found(self) -> Json:
        """The JSON object of the answer, empty where there is none."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def reason(self) -> str:
        """The reason that the error names, without any text; empty if there is none."""
        error = self.found.get("error")
        if isinstance(error, str):
            return plain_reason(error)
        if not isinstance(error, dict):
            return ""
        listed = error.get("errors")
        if isinstance(listed, list) and listed and isinstance(listed[0], dict):
            return plain_reason(listed[0].get("reason"))
        return plain_reason(error.get("code"))

    @property
    def said(self) -> str:
        """Status and reason, such as ``404 notFound``."""
        return f"{self.status} {self.reason}".strip()


def plain_reason(value: object) -> str:
    """A provider's reason if it is a plain word, so that nothing private passes for one."""
    return value if isinstance(value, str) and _REASON.fullmatch(value) else ""


def one_of(value: object, *known: object) -> str:
    """A value of an answer if it is a known one, so that no text of anybody passes for one."""
    return str(value).lower() if isinstance(value, bool) else str(value) if value in known else "another"


def keys(found: object) -> str:
    """The names of an object's keys in alphabetical order; those that are not plain words are left out."""
    names = found if isinstance(found, dict) else {}
    return " ".join(sorted(name for name in names if _KEY.fullmatch(name)))


class Web:
    """Sends requests one after the other, each of them at least `spacing` seconds after the last."""

    def __init__(
        self,
        *,
        pause: Callable[[float], None],
        spacing: float = 0.25,
        most_calls: int = 1500,
    ) -> None:
        self._session = requests.Session()
        self._pause = pause
        self._spacing = spacing
        self._left = most_calls
        self.calls = 0

    def ask(
        self,
        method: str,
        address: str,
        *,
        body: Json | None = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        patient: bool = True,
    ) -> Answer:
        """Send one request; `patient` repeats it where the provider asks to come back later.

        Raises CallsUsedUp, and requests.RequestException where there is no answer.
        """
        for turn in range(TRIES):
            answer = self._once(method, address, body=body, form=form, query=query, headers=headers)
            slower = answer.status == requests.codes.too_many or answer.reason in SLOWER
            if not (patient and slower) or turn == TRIES - 1:
                break
            self._pause(_wait(answer, turn))
        return answer

    def _once(
        self,
        method: str,
        address: str,
        *,
        body: Json | None,
        form: Mapping[str, str] | None,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        if self._left <= 0:
            raise CallsUsedUp
        self._left -= 1
        self.calls += 1
        self._pause(self._spacing)
        with self._session.request(
            method,
            address,
            json=body,
            data=form,
            params=query,
            headers=headers,
            timeout=TIMEOUT,
            allow_redirects=False,
        ) as response:
            return Answer(response.status_code, _json(response), response.text, response.headers)

    def spare(self, calls: int) -> None:
        """Allow some more requests: cleaning up is never refused."""
        self._left = max(self._left, calls)

    def wait(self, seconds: float) -> None:
        """Let time pass, for what a provider shows only after a while."""
        self._pause(seconds)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _wait(answer: Answer, turn: int) -> float:
    named = answer.headers.get("Retry-After", "")
    return min(float(named) if named.isdecimal() else 2.0 ** (turn + 1), LONGEST_WAIT)
