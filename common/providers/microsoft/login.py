"""Carries msal's requests to the identity platform, and says what a failed one means before msal sees it."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import requests
from msal.application import ConfidentialClientApplication
from msal.token_cache import TokenCache

from common.errors import OperatorFault, ProviderUnavailable, RateLimited
from common.providers.lenient import parsed
from common.providers.microsoft.connection import forgetful
from common.providers.waiting import retry_after

ORIGIN = "https://login.microsoftonline.com"

# Below WARNING the library logs addresses and accounts.
logging.getLogger("msal").setLevel(logging.WARNING)


class LoginClient:
    """The ``http_client`` of msal: one session, a time-out on every call, no redirects, no second attempt.

    msal insists on https addresses, so whatever stands in for ``ORIGIN`` takes its place here. Its discovery
    document is read once; msal asks for it with every new application object.
    """

    def __init__(self, session: requests.Session, *, stand_in: str, timeout: float) -> None:
        self._stand_in = stand_in.rstrip("/")
        self._session = forgetful(session, home=self.moved(f"{ORIGIN}/"))
        self._timeout = timeout
        self._documents: dict[str, requests.Response] = {}

    def moved(self, address: str) -> str:
        """An address of the identity platform, at whatever stands in for it."""
        if self._stand_in and address.startswith(f"{ORIGIN}/"):
            return f"{self._stand_in}{address.removeprefix(ORIGIN)}"
        return address

    def get(self, url: str, **sent: Any) -> requests.Response:
        """A document that hardly ever changes."""
        if url not in self._documents:
            answer = self._whole("GET", url, **sent)
            if answer.status_code != HTTPStatus.OK:
                return answer
            self._documents[url] = answer
        return self._documents[url]

    def post(self, url: str, **sent: Any) -> requests.Response:
        """A request for tokens."""
        return self._whole("POST", url, **sent)

    def close(self) -> None:
        """Close the connections that are open and idle."""
        self._session.close()

    def _whole(self, method: str, url: str, **sent: Any) -> requests.Response:
        """An answer that msal can read: it logs what it cannot, and that may hold a token.

        Raises:
            RateLimited: The identity platform limits us.
            ProviderUnavailable: It could not be reached, or failed on its side.
        """
        sent |= {"timeout": self._timeout, "allow_redirects": False}
        try:
            answer = self._session.request(method, self.moved(url), **sent)
        # Without the cause: it can hold the request, and with it the code or the token.
        except requests.RequestException:
            raise ProviderUnavailable("Microsoft's sign-in could not be reached") from None
        wait = retry_after(answer.headers)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited("Microsoft's sign-in limits us", retry_after=wait)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            text = f"Microsoft's sign-in answered {answer.status_code}"
            raise ProviderUnavailable(text, retry_after=wait)
        if not isinstance(parsed(answer.content), dict):
            raise ProviderUnavailable("Microsoft's answer is not whole", code="unreadable_reply")
        return answer


class _Forgetful(TokenCache):
    """Keeps nothing: grants live encrypted in the store, and nowhere else."""

    def add(self, event: object, now: int | None = None) -> None:
        """Forget it."""


# msal has no annotations.
_APPLICATION: Any = ConfidentialClientApplication
_CACHE: Any = _Forgetful


def application(client: LoginClient, *, authority: str, client_id: str, client_secret: str) -> Any:
    """The object of msal for one call: an older one would repeat from memory what others were refused.

    Raises:
        OperatorFault: The authority is none.
    """
    try:
        return _APPLICATION(
            client_id,
            client_credential=client_secret,
            authority=authority,
            instance_discovery=False,
            http_client=client,
            token_cache=_CACHE(),
        )
    except (ValueError, KeyError):
        raise OperatorFault("there is no such authority", code="authority") from None
